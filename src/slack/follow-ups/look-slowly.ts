import type { Asker } from '../requests/access.ts'
import type { SlackServices } from '../services.ts'

/** An answer that takes longer shows that it is being looked at. */
const slowMs = 1500

/** 👀 on a question whose answer takes more than a moment (a model writes it), until it is there. */
export function lookSlowly({ outbox }: SlackServices, { asker, askTs }: { asker: Asker; askTs: string }): () => Promise<void> {
  if (!/^\d+\.\d+$/.test(askTs)) return async () => {}
  const eyes = { team: asker.team, channel: asker.channel, ts: askTs, name: 'eyes' }
  let looking: Promise<void> | null = null
  const timer = setTimeout(() => {
    looking = outbox.react({ ...eyes, add: true }).catch(() => {})
  }, slowMs)
  return async () => {
    clearTimeout(timer)
    if (looking === null) return
    await looking
    await outbox.react({ ...eyes, add: false }).catch(() => {})
  }
}
