import { asPromptsError } from '../../errors.ts'
import { errorMessage } from '../blocks/notice-messages.ts'
import type { SlackServices } from '../services.ts'

export interface Where {
  team: string
  channel: string
  threadTs: string | null
  /** Only this person sees the failure; null: everyone in the thread. */
  user: string | null
}

/** Runs a listener; a failure becomes a log line and a message with the same id, where the person is. */
export async function guarded(services: SlackServices, name: string, where: Where | null, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (thrown) {
    const error = asPromptsError(thrown)
    services.deps.log.error(`${name} failed`, { id: error.id, code: error.code, message: error.message, cause: String(error.cause ?? '') })
    if (where === null) return
    const message = errorMessage(error)
    const base = { team: where.team, key: `failed/${error.id}`, channel: where.channel, threadTs: where.threadTs, message }
    if (where.user !== null) await services.outbox.whisper({ ...base, user: where.user })
    else if (where.threadTs !== null) await services.outbox.put(base)
  }
}
