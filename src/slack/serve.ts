import type { Receiver } from '@slack/bolt'
import { createSlackApp } from './app.ts'
import type { SlackDeps } from './deps.ts'
import { Housekeeping } from './housekeeping.ts'
import { receiverKind } from './receivers/create-receiver.ts'
import { createServices, type SlackServices } from './services.ts'
import { type RunningWorker, startWorker } from './worker.ts'

export interface RunningServer {
  services: SlackServices
  /** `http://…` of the HTTP receiver; null over Socket Mode. */
  url: string | null
  stop(graceMs?: number): Promise<void>
}

export interface ServeOptions {
  /** Works the queues in this process too; default: where no other process can (no Redis). */
  works?: boolean
  receiver?: Receiver
}

/** With the time that a dead process holds a delivery: what it left is handled again within ten seconds. */
const sweepMs = 2500

/** The bot: receives from Slack, sends to Slack, and goes on with what an earlier process left. */
export async function startServe(deps: SlackDeps, options: ServeOptions = {}): Promise<RunningServer> {
  const services = createServices(deps)
  const { app, replay } = createSlackApp(deps, { services, ...(options.receiver === undefined ? {} : { receiver: options.receiver }) })
  await services.outbox.start()
  const resealed = (await services.installations?.reseal()) ?? 0
  if (resealed > 0) deps.log.info('sealed installations with the new key', { count: resealed })
  const worker: RunningWorker | null = (options.works ?? deps.alone) ? await startWorker(deps, { services }) : null
  const housekeeping = new Housekeeping(services)
  housekeeping.start()
  const server = await app.start(deps.config.PORT)
  replay({ all: deps.alone }).then(
    (left) => left > 0 && deps.log.info('went on with deliveries that an earlier process left', { count: left }),
    (error: unknown) => deps.log.warn('inbox replay failed', { error: String(error) }),
  )
  const sweep = setInterval(() => {
    replay({ all: false }).catch((error: unknown) => deps.log.warn('inbox sweep failed', { error: String(error) }))
  }, sweepMs)
  sweep.unref()
  return {
    services,
    url: options.receiver === undefined && receiverKind(deps.config) === 'http' ? addressOf(server) : null,
    async stop(graceMs = 10_000) {
      clearInterval(sweep)
      housekeeping.stop()
      await app.stop().catch(() => {})
      if (worker !== null) await worker.stop(graceMs)
      else await Promise.all([deps.runs.close(0), deps.compiles.close(0)])
      await services.outbox.close()
    },
  }
}

function addressOf(server: unknown): string | null {
  const address = (server as { address?: () => unknown }).address?.()
  return typeof address === 'object' && address !== null && 'port' in address ? `http://127.0.0.1:${String(address.port)}` : null
}
