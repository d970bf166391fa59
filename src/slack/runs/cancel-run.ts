import { message, section } from '../blocks/message.ts'
import { compileJobId } from '../deps.ts'
import type { SlackServices } from '../services.ts'
import type { RunRecord } from './run-records.ts'

export interface CancelInput {
  run: string
  by: string
  team: string
  channel: string
  threadTs: string
}

/**
 * Stops a run at whatever stage it is. Where other threads wait for it too, only this one is left out: the others go on. Says so
 * in its threads; privately where there was nothing to stop. Another workspace's run is left alone.
 */
export async function cancelRun(services: SlackServices, input: CancelInput): Promise<void> {
  const { deps, records, delivery, outbox } = services
  const record = await records.get(input.run)
  if (record === null || record.team !== input.team) return
  const say = (text: string) =>
    outbox.whisper({
      team: record.team,
      key: `cancel/${input.run}/${input.by}/${Date.now()}`,
      channel: input.channel,
      user: input.by,
      threadTs: input.threadTs,
      message: message(text, [section(text)]),
    })
  if (await leftOut(services, record, input)) return
  const end = await records.end(input.run, 'cancelled')
  if (end === 'cancelled') {
    await deps.memory.append(input.run, { kind: 'user_input', name: 'cancel', data: { by: input.by } })
    await deps.runs.cancel(input.run)
    await delivery.cancelled(record, input.by)
    return
  }
  if (await deps.compiles.cancel(compileJobId(input.run))) {
    await delivery.compilingEnded(record)
    return say('Compiling was stopped; the cards stand without its verdict.')
  }
  await say(end === 'done' ? 'This run is done already; there is nothing to cancel.' : 'This run has ended already.')
}

/** True where this thread joined a run that others wait for too: it alone stops waiting. */
async function leftOut({ deps, records, delivery }: SlackServices, record: RunRecord, input: CancelInput): Promise<boolean> {
  if ((await records.ended(record.run)) !== null) return false
  const watchers = await records.watchers(record.run)
  const own = watchers.find((watcher) => watcher.channel === input.channel && watcher.threadTs === input.threadTs)
  if (own === undefined || watchers.length < 2) return false
  await records.unwatch(record.run, own)
  await deps.memory.append(record.run, { kind: 'user_input', name: 'leave', data: { by: input.by } })
  await delivery.leftOut(record, own, { by: input.by, others: watchers.length - 1 })
  return true
}
