import type { Asker } from '../requests/access.ts'
import type { SlackServices } from '../services.ts'

/** An answer that takes longer shows that it is being looked at. */
const slowMs = 1500

/** 👀 and a status on a question whose answer takes more than a moment (a model writes it), until it is there. */
export function lookSlowly(
  { outbox, hints }: SlackServices,
  { asker, askTs, threadTs }: { asker: Asker; askTs: string; threadTs: string },
): () => Promise<void> {
  if (!/^\d+\.\d+$/.test(askTs)) return async () => {}
  const eyes = { team: asker.team, channel: asker.channel, ts: askTs, name: 'eyes' }
  let looking: Promise<void> | null = null
  const timer = setTimeout(() => {
    looking = outbox.react({ ...eyes, add: true }).catch(() => {})
    void hints.status({ team: asker.team, channel: asker.channel, threadTs }, 'is looking at the run…')
  }, slowMs)
  return async () => {
    clearTimeout(timer)
    if (looking === null) return
    await looking
    await outbox.react({ ...eyes, add: false }).catch(() => {})
  }
}
