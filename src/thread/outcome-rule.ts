import { type Facts, takeStepCounts } from './facts.ts'
import type { SaidTime } from './read-times.ts'
import type { Found, ReadContext } from './reading.ts'
import { isSign } from './token.ts'

const talk = [
  'subject',
  'ran',
  'step',
  'per',
  'approx',
  'card',
  'thanks',
  'record',
  'adopt',
  'better',
  'axiswords',
  'pick',
  'recent',
  'days',
]

/**
 * `it ran at 22.9 s`, `card 2 OOMed`, `card 3 crashed with NaN`: how something really went. Never recorded from here: only
 * offered.
 */
export function outcomeRule(facts: Facts, context: ReadContext): Found | null {
  if (facts.question || facts.key('why', 'what', 'how', 'wrongwith') || facts.has('hedge')) return null
  if (facts.changesNamed > 0) return namesOnlyItsChip(facts) ? oom(facts, context) : null
  return time(facts, context) ?? ranAs(facts, context) ?? oom(facts, context) ?? failure(facts, context)
}

/** `card 1 OOMed on v5p`: where it ran, and no other setting. */
function namesOnlyItsChip({ cards, mesh, changes }: Facts): boolean {
  return (
    cards.length === 1 && Object.keys(mesh).length === 0 && Object.keys(changes).every((name) => name === 'chip' || name === 'topology')
  )
}

function time(facts: Facts, context: ReadContext): Found | null {
  const [said, ...others] = facts.times
  if (said === undefined || others.length > 0 || facts.cards.length > 1) return null
  const logged = takeLogged(facts.tokens)
  takeStepCounts(facts.tokens)
  const job = jobOf(facts, context)
  if (job === 'another') return null
  const strange = facts.strangers(talk) - (job === null ? 0 : 1)
  const value = { step_time_ms: round(said.ms) }
  if (facts.cards.length === 1 || job !== null) {
    if (strange > (context.mentioned ? 4 : 2.1)) return null
    const cards = facts.cards.length === 1 ? { cards: [...facts.cards] } : {}
    return { intent: 'outcome', value: { ...value, ...cards }, reason: 'a time, and what it was measured on', job }
  }
  if (strange > (context.mentioned ? 3 : 0.7)) return null
  // a log that somebody pasted, or a time of long ago, may be of any job
  if (!context.mentioned && (logged || facts.has('past') || !isStepTime(facts, said))) return null
  return { intent: 'outcome_confirm', value, reason: 'a time without the card that it was measured on' }
}

/**
 * A line of a log (`completed step: 120, seconds: 22.9, loss: 2.3`): what stands with names before colons is read, whatever it
 * is. Whether it is one.
 */
function takeLogged(tokens: Facts['tokens']): boolean {
  const logged = tokens.flatMap((one, at) => (one.kind === 'number' && isSign(tokens[at - 1], ':=') && tokens[at - 2] ? [at] : []))
  if (logged.length < 2) return false
  for (const at of logged) {
    let from = at - 1
    while (from > 0 && !isSign(tokens[from - 1], ',;|') && tokens[from - 1]?.kind !== 'number') from--
    for (const one of tokens.slice(from, at + 1)) one.used = true
  }
  return true
}

/** `it ran as exp-124`: that experiment's own step time is meant. */
function ranAs(facts: Facts, context: ReadContext): Found | null {
  const at = facts.tokens.findIndex(
    (one, index) => /^(?:as|under)$/.test(one.text) && facts.tokens.slice(0, index).some((before) => before.concepts.has('ran')),
  )
  const experiment = facts.tokens[at + 1]?.text
  if (at < 0 || experiment === undefined || !facts.ids.includes(experiment) || facts.times.length > 0) return null
  if (facts.strangers(talk) > (context.mentioned ? 4 : 2.1)) return null
  const cards = facts.cards.length === 1 ? { cards: [...facts.cards] } : {}
  return { intent: 'outcome', value: { experiment, ...cards }, reason: 'the experiment that it ran as' }
}

/**
 * Unaddressed, a time must look like a step's: said of a step or of the run, or alone and precise. Minutes are how people speak
 * of waiting.
 */
function isStepTime(facts: Facts, said: SaidTime): boolean {
  if (said.perStep || facts.tokens.some((one) => one.concepts.has('step') && one.concepts.size === 1)) return true
  const measured = facts.has('ran') && (facts.has('subject') || said.precise)
  if (said.unit === 'min') return facts.has('ran') && facts.has('subject') && said.precise
  return measured || (said.precise && facts.length <= 4) || (said.unit === 'ms' && facts.length <= 3)
}

/**
 * The job that the words name: the thread's own, or `another`. Where the thread's are not known, a name with a chip in it counts.
 */
function jobOf(facts: Facts, { experiments }: ReadContext): string | null {
  const [id] = facts.ids
  if (id === undefined) return null
  if (experiments !== undefined) return experiments.some((own) => own.toLowerCase() === id) ? id : 'another'
  return /[-_.]/.test(id) && /(?:^|[-_.])(?:v\d[a-z]{0,2}|tpu7x|exp|run|\d{1,3}b)(?:[-_.]|$)|^(?:exp|run|job)[-_]?\d/.test(id) ? id : null
}

function oom(facts: Facts, context: ReadContext): Found | null {
  if (!facts.key('oom') || facts.times.length > 0 || (facts.key('not') && !facts.cards.length)) return null
  takeStepCounts(facts.tokens)
  const job = jobOf(facts, context)
  if (job === 'another') return null
  takeSizes(facts.tokens)
  const named = facts.cards.length > 0 || job !== null
  const strange = facts.strangers([...talk, 'oom', 'failed', 'term', 'whatif', 'thisanswer']) - (job === null ? 0 : 1)
  if (strange > (context.mentioned ? 4 : named ? 1.1 : 0.7)) return null
  if (!context.mentioned && !named && facts.length > 8) return null
  return {
    intent: 'oom',
    value: facts.cards.length > 0 ? { cards: [...facts.cards] } : {},
    reason: named ? 'out of memory, and on what' : 'out of memory, without saying on what',
    job,
  }
}

/** `33.1G of 31.25G`: what a compiler's refusal quotes. */
function takeSizes(tokens: Facts['tokens']): void {
  for (const one of tokens) if (one.kind === 'number' && /^(?:g|gb|gib|m|mb|mib|t|tb|tib)$/.test(one.suffix)) one.used = true
}

function failure(facts: Facts, context: ReadContext): Found | null {
  if (!facts.key('failed') || facts.times.length > 0 || facts.key('not', 'oom')) return null
  takeStepCounts(facts.tokens)
  const named = facts.cards.length === 1
  const strange = facts.strangers([...talk, 'failed', 'term', 'whatif', 'thisanswer'])
  if (strange > (context.mentioned ? 6 : named ? 3.1 : -1)) return null
  if (!named && !facts.has('subject')) return null
  const words = facts.tokens.map((one) => one.text).join(' ')
  return {
    intent: named ? 'outcome' : 'outcome_confirm',
    value: named ? { cards: [...facts.cards] } : {},
    reason: 'a run that failed',
    failed: words.slice(0, 300),
  }
}

function round(ms: number): number {
  return Number(ms.toPrecision(9))
}
