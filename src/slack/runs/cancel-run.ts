import { message, section } from '../blocks/message.ts'
import type { SlackServices } from '../services.ts'

/** Stops a run at whatever stage it is. Says so in its threads; privately where there was nothing to stop. */
export async function cancelRun(
  services: SlackServices,
  input: { run: string; by: string; channel: string; threadTs: string },
): Promise<void> {
  const { deps, records, delivery, outbox } = services
  const record = await records.get(input.run)
  if (record === null) return
  const say = (text: string) =>
    outbox.whisper({
      team: record.team,
      key: `cancel/${input.run}/${input.by}/${Date.now()}`,
      channel: input.channel,
      user: input.by,
      threadTs: input.threadTs,
      message: message(text, [section(text)]),
    })
  const end = await records.end(input.run, 'cancelled')
  if (end === 'cancelled') {
    await deps.memory.append(input.run, { kind: 'user_input', name: 'cancel', data: { by: input.by } })
    await deps.runs.cancel(input.run)
    await delivery.cancelled(record, input.by)
    return
  }
  if (await deps.compiles.cancel(`compile-${input.run}`)) {
    const diagnosis = await deps.memory.diagnosis(input.run)
    for (const watcher of diagnosis === null ? [] : await records.watchers(input.run)) {
      for (const card of diagnosis?.cards ?? []) {
        if (diagnosis !== null && card.compiler === null)
          await delivery.card(record, watcher, diagnosis, card, { compiling: false, priority: 1 })
      }
    }
    return say('Compiling was stopped; the cards stand without its verdict.')
  }
  await say(end === 'done' ? 'This run is done already; there is nothing to cancel.' : 'This run has ended already.')
}
