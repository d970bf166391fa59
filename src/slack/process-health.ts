import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type HealthRoute, healthRoutes } from '../health/health-routes.ts'
import { type Check, createReadiness, type Readiness } from '../health/readiness.ts'
import { keys } from '../state/keys.ts'
import type { SlackServices } from './services.ts'

const probeMs = 10_000

/**
 * What `/live`, `/ready` and `/metrics` of this process say. `socket` tells whether Slack's socket is open, where there is one,
 * and `clock` whether this machine's time is one that deliveries over HTTP are taken at.
 */
export function processHealth(
  services: SlackServices,
  { socket, clock }: { socket?: (() => boolean) | undefined; clock?: Check } = {},
): { routes: HealthRoute[]; ready: () => Promise<Readiness> } {
  const { deps, outbox } = services
  const probe = randomBytes(6).toString('hex')
  const checks: Record<string, Check> = {
    // a store that is full, read-only or paused answers no write
    state: {
      async ask() {
        await deps.state.set(keys.probe(probe), '1', probeMs)
        return deps.alone ? 'SQLite takes writes' : 'Redis takes writes'
      },
    },
    disk: {
      async ask() {
        const file = join(deps.config.PROMPTS_HOME, `.probe-${probe}`)
        await mkdir(deps.config.PROMPTS_HOME, { recursive: true })
        await writeFile(file, 'x'.repeat(4096))
        await rm(file)
        return 'takes writes'
      },
    },
    runs: {
      async ask() {
        await deps.memory.identity()
        return 'answers'
      },
    },
  }
  checks['slack'] = {
    async ask() {
      const refused = services.installations === null ? outbox.tokenRefused() : null
      if (refused !== null) throw new Error(`Slack refuses SLACK_BOT_TOKEN: ${refused}`)
      if (socket === undefined) return 'takes the token'
      if (!socket()) throw new Error('the socket to Slack is not open')
      return 'the socket is open'
    },
  }
  if (clock !== undefined) checks['clock'] = clock
  const libraryAway = deps.libraryAway
  if (libraryAway !== undefined) {
    checks['library'] = {
      optional: true,
      async ask() {
        const reason = libraryAway()
        if (reason !== null) throw new Error(`the embedded library stands in: ${reason}`)
        return 'answers'
      },
    }
  }
  const ready = createReadiness(checks)
  const { metrics } = deps
  metrics.watch('queue_waiting', async () => (await deps.runs.depth()).waiting)
  metrics.watch('queue_active', async () => (await deps.runs.depth()).active)
  metrics.watch('outbox_waiting', async () => outbox.waiting())
  metrics.watch('library_away', async () => ((libraryAway?.() ?? null) === null ? 0 : 1))
  metrics.watch('ready', async () => ((await ready()).ok ? 1 : 0))
  const readiness = async () => ({ ...(await ready()), jobs: await withinASecond(deps.runs.depth()), outbox: outbox.waiting() })
  return { routes: healthRoutes({ readiness, metrics }), ready }
}

/** The answer, or null where it takes longer: readiness has said by then what hangs. */
async function withinASecond<T>(asked: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), 1000)
  })
  return Promise.race([asked.catch(() => null), late]).finally(() => clearTimeout(timer))
}
