import { spreadFlag } from '../../planner/serving/serving-settings.ts'
import type { LineDraft } from './line-draft.ts'
import { numberOf } from './line-tokens.ts'
import { lineWords } from './line-words.ts'

const thousand = 1000

/** Latencies that are asked for: `tpot 40 ms`, `p99 ttft 1 s`. @returns how many words it took. */
export function readLatency([word, next, third, fourth]: (string | undefined)[], draft: LineDraft): number {
  const tail = (text: string | undefined) => text === 'p99' || text === 'p95'
  const early = tail(word) && (next === 'tpot' || next === 'ttft')
  const name = early ? next : word
  if (name !== 'tpot' && name !== 'ttft') return readRate(word, next, draft)
  const late = !early && tail(next)
  const skip = early || late ? 1 : 0
  const value = numberOf(skip === 1 ? third : next)
  if (value === null) return 0
  const unit = skip === 1 ? fourth : third
  const seconds = unit !== undefined && /^s(ec|econd)?s?$/.test(unit)
  if ((early ? word : next) === 'p95') draft.notes.push('p95 is judged at p99, which is stricter')
  draft.slo[`${name}${skip === 1 ? '_p99' : ''}_ms`] = seconds ? value * thousand : value
  return 2 + skip + (seconds || (unit !== undefined && /^(ms|milliseconds?)$/.test(unit)) ? 1 : 0)
}

/** What is asked of a server a second, by each of its users or for all of them. */
function readRate(word: string | undefined, next: string | undefined, draft: LineDraft): number {
  const value = numberOf(next)
  if (value === null || value === 0) return 0
  if (word === 'userrate') {
    const tpot = Number((thousand / value).toPrecision(4))
    draft.slo.tpot_ms = tpot
    draft.notes.push(`${value} tokens per second for each user is tpot ${tpot} ms`)
  } else if (word === 'tokenrate') draft.load.tokens = value
  else if (word === 'requestrate') draft.load.requests = value
  else return 0
  return 2
}

/** How much is to be done, how long it may take, what it may cost. @returns how many words it took. */
export function readBudget([word, next]: (string | undefined)[], draft: LineDraft): number {
  const after = numberOf(next)
  if (word === 'goodput') return readGoodput(next, draft)
  if (word === 'lengthspread') return readSpread(next, draft)
  const dollars = after !== null && /k$/i.test(next!) ? (after / 1024) * thousand : after
  if (word === 'usd' && dollars !== null) draft.budget.usd = dollars
  else if (word === 'usdhour' && dollars !== null) draft.budget.usdPerHour = dollars
  else if (word === 'usdmillion' && dollars !== null) draft.budget.usdPerMillionTokens = dollars
  else if (word === 'tokens' && after !== null && after >= 1e6) draft.budget.tokens = after
  else return readAmount(word, next, draft)
  return 2
}

/** `goodput 90%`, `goodput 0.9`. */
function readGoodput(next: string | undefined, draft: LineDraft): number {
  const share = shareOf(next)
  if (share === null || share === 0) return 0
  draft.goodput = share
  return 2
}

/** `lengths vary by 20%`: how far the requests of a mix spread around their mean lengths. */
function readSpread(next: string | undefined, draft: LineDraft): number {
  const share = shareOf(next)
  if (share === null || share === 1) return 0
  draft.flags[spreadFlag] = String(share)
  return 2
}

/** `90%` and `0.9`; null for what is no share. */
function shareOf(word: string | undefined): number | null {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(word ?? '') ?? []
  const share = percent === '%' || Number(digits) > 1 ? Number(digits) / 100 : Number(digits)
  return share >= 0 && share <= 1 ? share : null
}

function readAmount(word: string | undefined, next: string | undefined, draft: LineDraft): number {
  const value = numberOf(word)
  if (value === null) return 0
  const days = next === undefined ? undefined : lineWords.days[next]
  if (days !== undefined) draft.budget.days = value * days
  else if (next !== undefined && /^tok(en)?s?$/.test(next)) draft.budget.tokens = value
  else if (/t$/i.test(word!)) {
    draft.budget.tokens = value
    return 1
  } else return 0
  return 2
}
