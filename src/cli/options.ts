/** An option of a command: whether a value follows it and of which kind, and what it means. */
export type Option = { meaning: string; short?: string } & (
  | { kind: 'flag' }
  | { kind: 'text'; value: string }
  | { kind: 'choice'; value: string; of: readonly string[] }
  | { kind: 'number'; value: string; min: number; max: number; whole: boolean }
)
export type Options = Readonly<Record<string, Option>>

/** What a command gets of its options: a flag is true or false, the rest is undefined where it was not given. */
export type Values<O extends Options> = {
  [K in keyof O]: O[K] extends { kind: 'flag' }
    ? boolean
    : O[K] extends { kind: 'number' }
      ? number | undefined
      : O[K] extends { kind: 'choice'; of: readonly (infer C)[] }
        ? C | undefined
        : string | undefined
}

export function flag(meaning: string) {
  return { kind: 'flag', meaning } as const
}

/** `value` is how its value is called in the usage: `FILE`, `SLICE`. */
export function text(value: string, meaning: string, short?: string) {
  return { kind: 'text', value, meaning, ...(short === undefined ? {} : { short }) } as const
}

export function choice<const C extends readonly string[]>(of: C, meaning: string) {
  return { kind: 'choice', value: of.join('|'), of, meaning } as const
}

/** A whole number from 1, or from another `min`, to `max`. */
export function count(meaning: string, { min = 1, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) {
  return { kind: 'number', value: 'N', meaning, min, max, whole: true } as const
}

/** A number above 0. */
export function amount(meaning: string) {
  return { kind: 'number', value: 'N', meaning, min: Number.MIN_VALUE, max: Number.MAX_VALUE, whole: false } as const
}
