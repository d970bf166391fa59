import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { PromptsError } from '../errors.ts'
import { readJson } from '../text/json.ts'

/**
 * The rows of a file of JSON lines, in order; none where there is no file. @throws PromptsError `bad_log` with the line that is
 * no such row.
 */
export function readJsonLines<T>(path: string, schema: z.ZodType<T>, writtenBy: string): T[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return []
    const parsed = schema.safeParse(readJson(line))
    if (parsed.success) return [parsed.data]
    throw new PromptsError('bad_log', `${path}, line ${at + 1}: ${z.prettifyError(parsed.error)}`, {
      hint: `Recordings are written by \`${writtenBy}\`: take the line out and record it again.`,
    })
  })
}
