/** Uniform numbers below 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number | string): () => number {
  let state = typeof seed === 'number' ? seed >>> 0 : hashOf(Array.from(seed, (_, i) => seed.charCodeAt(i)))
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** The items in a random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = out[i] as T
    out[i] = out[j] as T
    out[j] = kept
  }
  return out
}

/** Standard normal numbers, the same for the same seed (Box and Muller). */
export function normalNumbers(seed: number): () => number {
  const random = randomNumbers(seed)
  // never 0, which has no logarithm
  const uniform = () => random() + 0.5 / 2 ** 32
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** A seed from whole numbers (FNV-1a, number by number). */
export function hashOf(values: readonly number[]): number {
  let hash = 2166136261
  for (const value of values) hash = Math.imul(hash ^ value, 16777619) >>> 0
  return hash
}
