/** What a number counts; numbers are only compared within a kind. Times are milliseconds, shares fractions of 1. */
type Kind = 'time' | 'memory' | 'share' | 'money' | 'count'

interface Quantity {
  kind: Kind
  /** In the kind's own unit. */
  value: number
  /**
   * Half of the last digit that was written, in the kind's own unit: as far as a rounded figure may be from what it was rounded
   * from.
   */
  rounding: number
}

/** Everything that the tools of a run said: what a text of that run may state. */
export interface Facts {
  quantities: Quantity[]
  /** Names with digits in them (`v5p`, `4x4x4`, `data=32`), lower case. */
  names: ReadonlySet<string>
  /** Ids of cases and documents that were retrieved. */
  ids: ReadonlySet<string>
}

export interface Grounded {
  text: string
  /** Sentences that were removed, each with what in it could not be traced. */
  removed: { sentence: string; untraced: string[] }[]
}

/**
 * Fields that hold what others wrote: a number in a name or a lesson measures nothing; what was measured has fields of its own.
 */
const nameKeys: ReadonlySet<string> = new Set(['name', 'source', 'ops', 'id', 'uri', 'lesson', 'conditions'])

/** Small whole numbers are words of the language: `two options`, `1 of 3`. */
const freeCount = 3

/** Collects what tool results state. The ids are those of the results' own `id` fields. */
export function collectFacts(results: readonly unknown[]): Facts {
  const quantities: Quantity[] = []
  const names = new Set<string>()
  const ids = new Set<string>()
  const visit = (value: unknown, key: string): void => {
    if (typeof value === 'number' && Number.isFinite(value)) {
      quantities.push({ kind: kindOfKey(key), value, rounding: 0 })
      names.add(`${key}=${value}`.toLowerCase())
    } else if (typeof value === 'string') {
      if (key === 'id') ids.add(value)
      if (key === 'uri') names.add(value.toLowerCase())
      for (const token of tokensOf(value)) {
        if (token.quantity === null) names.add(token.text)
        else if (!nameKeys.has(key)) quantities.push(token.quantity)
      }
    } else if (Array.isArray(value)) for (const item of value) visit(item, key)
    else if (typeof value === 'object' && value !== null) for (const [name, item] of Object.entries(value)) visit(item, name)
  }
  for (const result of results) visit(result, '')
  return { quantities, names, ids }
}

/**
 * Leaves of a text the sentences whose every number, name with digits, citation (`[case:ID]`, `[doc:ID]`) and link is in the
 * facts. A figure may be rounded, never changed, and keeps its kind: a share is not a time. Mentions and markup of chat systems
 * are removed with their sentence.
 */
export function ground(text: string, facts: Facts): Grounded {
  const kept: string[] = []
  const removed: Grounded['removed'] = []
  for (const sentence of sentencesOf(text)) {
    const untraced = untracedIn(sentence, facts)
    if (untraced.length > 0) removed.push({ sentence, untraced })
    else kept.push(sentence)
  }
  return { text: kept.join(' '), removed }
}

/** Sentences end at `.`, `!`, `?` before a space and a capital, a digit or a bracket, and at line ends. */
export function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+(?=[A-Z0-9["(])|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}

function untracedIn(sentence: string, facts: Facts): string[] {
  const untraced: string[] = []
  for (const [link] of sentence.matchAll(/https?:\/\/\S+/g)) if (!facts.names.has(link.toLowerCase())) untraced.push(link)
  if (/<[!@#]|@(channel|here|everyone)\b/.test(sentence)) untraced.push('a mention')
  const cited = sentence.replaceAll(/\[(?:case|doc):([^\]]*)\]/g, (whole, id: string) => {
    if (!facts.ids.has(id.trim())) untraced.push(whole)
    return ' '
  })
  for (const token of tokensOf(cited.replaceAll(/https?:\/\/\S+/g, ' '))) {
    if (!isStated(token, facts)) untraced.push(token.text)
  }
  return untraced
}

interface Token {
  text: string
  /** null for a name such as `v5p`. */
  quantity: Quantity | null
}

function isStated({ text, quantity }: Token, facts: Facts): boolean {
  if (facts.names.has(text)) return true
  if (quantity === null) return false
  if (quantity.kind === 'count' && Number.isInteger(quantity.value) && Math.abs(quantity.value) <= freeCount) return true
  return facts.quantities.some((fact) => {
    if (fact.kind !== quantity.kind) return false
    // a rounded fact may be quoted as it is or rounded further, not with digits that it does not have
    const rounding = quantity.rounding >= fact.rounding ? quantity.rounding + fact.rounding : quantity.rounding
    return Math.abs(Math.abs(fact.value) - Math.abs(quantity.value)) <= rounding + 1e-9 * Math.abs(fact.value)
  })
}

const units: Record<string, { kind: Kind; factor: number }> = {
  ms: { kind: 'time', factor: 1 },
  millisecond: { kind: 'time', factor: 1 },
  s: { kind: 'time', factor: 1000 },
  sec: { kind: 'time', factor: 1000 },
  second: { kind: 'time', factor: 1000 },
  min: { kind: 'time', factor: 60_000 },
  minute: { kind: 'time', factor: 60_000 },
  gib: { kind: 'memory', factor: 1 },
  gb: { kind: 'memory', factor: 1 },
  mib: { kind: 'memory', factor: 1 / 1024 },
  '%': { kind: 'share', factor: 0.01 },
  percent: { kind: 'share', factor: 0.01 },
}

const numberThenUnit = /^(\d[\d,]*(?:\.\d+)?)(%|[a-z]+)?$/

/** The tokens of a text that hold a digit, each with what it counts. A unit may stand apart from its number by a space. */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  const pattern =
    /(\$ ?)?([a-z0-9][a-z0-9._,×=/+-]*%?)(?:\s(%|percent|ms|milliseconds?|s|sec|seconds?|min|minutes?|gib|gb|mib)(?![a-z0-9]))?/gi
  for (const match of text.toLowerCase().matchAll(pattern)) {
    const word = match[2]!.replace(/[.,/+-]+$/, '')
    if (!/\d/.test(word)) continue
    const assignment = /^([a-z_]+)=(\d+)$/.exec(word)
    const split = numberThenUnit.exec(word)
    const unitName = (split?.[2] ?? match[3] ?? '').replace(/s$/, (ending) =>
      split?.[2] === 's' || match[3] === 's' || match[3] === 'ms' || split?.[2] === 'ms' ? ending : '',
    )
    const unit = units[unitName]
    if (assignment || !split || (split[2] !== undefined && unit === undefined)) {
      for (const part of word.split(/[/,](?=[a-z])/)) tokens.push({ text: part, quantity: null })
      continue
    }
    const digits = split[1]!.replaceAll(',', '')
    const decimals = digits.split('.')[1]?.length ?? 0
    const { kind, factor } = match[1] ? { kind: 'money' as const, factor: 1 } : (unit ?? { kind: 'count' as const, factor: 1 })
    tokens.push({ text: word, quantity: { kind, value: Number(digits) * factor, rounding: 0.5 * 10 ** -decimals * factor } })
  }
  return tokens
}

function kindOfKey(key: string): Kind {
  if (/_ms$/.test(key)) return 'time'
  if (/_gib$|^(parameters|optimizer|gradients|activations|logits|kv_cache|workspace)$/.test(key)) return 'memory'
  if (/usd/.test(key)) return 'money'
  if (/share|utilization|efficiency|duty|mfu|margin|change|confidence|slowdown|speedup/.test(key)) return 'share'
  return 'count'
}
