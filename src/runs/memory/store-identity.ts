import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { PromptsError } from '../../errors.ts'
import { newestOf, stepsFrom } from '../../layout/layout-steps.ts'
import { readJsonAs } from '../../text/json.ts'

/** How a store of runs is laid out: which files or objects there are. What is in them has a version of its own (`run-layout`). */
const steps = [{ to: 1 }]

const identitySchema = z.object({ id: z.string(), schema: z.number().int() })

export function newIdentity(): string {
  return JSON.stringify({ id: randomUUID(), schema: newestOf(steps) })
}

/**
 * The id of a store of runs, from its `store.json`.
 * @throws PromptsError `bad_config` for one that a newer version laid out, or that is none.
 */
export function readIdentity(text: string, where: string): string {
  const found = readJsonAs(identitySchema, text)
  if (found === null) throw new PromptsError('bad_config', `${where} holds no store of runs`, { hint: 'Restore its store.json.' })
  stepsFrom(steps, found.schema, where)
  return found.id
}
