import type { Run } from '../contract/experiment.ts'

/** Flags as text, which is how frameworks and the compiler read them: `true` and `"true"` are the same. */
export function stringFlags(flags: Run['flags']): Record<string, string> | undefined {
  return flags && Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)]))
}

/**
 * Whether the members of the seq axis exchange heads for tokens around attention (Ulysses: each sees the whole sequence of its share
 * of the heads), where otherwise each gathers the keys and values of the whole sequence. MaxText's `context_parallel_strategy`; its
 * sequence axis of 2023 and 2024 did so always.
 */
export function exchangesHeads(flags: Readonly<Record<string, string>>): boolean {
  return flags.context_parallel_strategy === 'ulysses'
}

/** Whether MaxText loops over its layers, whose weights and caches are then parts of one array; null where the run does not say. */
export function scansLayers(flags: Readonly<Record<string, string>>): boolean | null {
  const said = flags.scan_layers?.toLowerCase()
  return said === undefined ? null : said === 'true'
}
