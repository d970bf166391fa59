import { randomBytes } from 'node:crypto'

/** A run's id: its time to the second, for sorting by name, and 6 random characters: `r-20260131-142530-x3k9qa`. */
export function newRunId(now: Date): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const random = Array.from(randomBytes(6), (byte) => 'abcdefghjkmnpqrstuvwxyz23456789'[byte % 31]).join('')
  return `r-${stamp}-${random}`
}
