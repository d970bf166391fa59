import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { PromptsError } from '../../errors.ts'
import { readJsonAs } from '../../text/json.ts'

/** The layout of runs that this program writes and reads. */
export const runsSchema = 1

const identitySchema = z.object({ id: z.string(), schema: z.number().int() })

export function newIdentity(): string {
  return JSON.stringify({ id: randomUUID(), schema: runsSchema })
}

/**
 * The id of a store of runs, from its `store.json`.
 * @throws PromptsError `bad_config` for one that a newer version laid out, or that is none.
 */
export function readIdentity(text: string, where: string): string {
  const found = readJsonAs(identitySchema, text)
  if (found === null) throw new PromptsError('bad_config', `${where} holds no store of runs`, { hint: 'Restore its store.json.' })
  if (found.schema <= runsSchema) return found.id
  throw new PromptsError('bad_config', `${where} was laid out by a newer version (schema ${found.schema}, this one knows ${runsSchema})`, {
    hint: 'Run that version, or one after it.',
  })
}
