import type { Run } from '../contract/experiment.ts'

/** Flags as text, which is how frameworks and the compiler read them: `true` and `"true"` are the same. */
export function stringFlags(flags: Run['flags']): Record<string, string> | undefined {
  return flags && Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, String(value)]))
}
