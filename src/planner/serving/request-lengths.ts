/** The lengths of one request, tokens. */
export interface RequestLengths {
  input: number
  output: number
}

/** What the lengths of a mix's requests are drawn from. */
export interface LengthMix {
  /** Tokens of prompts and of answers on average, and how far they spread: evenly from `1 − spread` to `1 + spread` of that. */
  inputLen: number
  outputLen: number
  spread: number
  /** Prompts are computed at the next power of two, as programs that are compiled for a few lengths do. */
  padded: boolean
}

/**
 * The multiples of these fill a square evenly (the R2 sequence of Roberts, Unreasonable Effectiveness of Quasirandom Sequences).
 */
const inputStep = 0.7548776662466927
const outputStep = 0.5698402909980532

/** The lengths of the n-th request of a mix, whose means are the given ones. Deterministic. */
export function lengthsOf({ inputLen, outputLen, spread, padded }: LengthMix, n: number): RequestLengths {
  const input = within(inputLen, spread, n * inputStep)
  return { input: padded ? paddedLength(input) : input, output: within(outputLen, spread, n * outputStep) }
}

/** Tokens of an answer that come after its first, in steps of their own; a request takes one step at least. */
export function afterFirst(output: number): number {
  return Math.max(1, output - 1)
}

/** The next power of two, 16 at least (JetStream's prefill buckets). */
export function paddedLength(tokens: number): number {
  return Math.max(16, 2 ** Math.ceil(Math.log2(tokens)))
}

function within(mean: number, spread: number, at: number): number {
  return Math.max(1, Math.round(mean * (1 + spread * (2 * (at % 1) - 1))))
}
