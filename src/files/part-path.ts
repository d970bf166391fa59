import { randomBytes } from 'node:crypto'

/**
 * Where a file is written before it gets its name: of its own for each writer, also for two containers whose processes have one
 * id.
 */
export function partPath(target: string): string {
  return `${target}.${randomBytes(8).toString('hex')}.part`
}
