import { exitCodes, PromptsError } from '../errors.ts'
import type { JobQueue } from '../jobs/job-queue.ts'
import { createInfrastructure } from '../slack/infrastructure.ts'
import { quietLog } from '../slack/quiet-log.ts'
import { retryCompilation, retryRun } from '../slack/runs/retry-run.ts'
import { RunRecords } from '../slack/runs/run-records.ts'
import { claimRedis } from './claim-redis.ts'
import { type Run, usageOf } from './command.ts'
import { formatTable } from './format/table.ts'
import { createStderrLog } from './stderr-log.ts'

const defaultLimit = 20

/** One job as the list shows it. */
interface Shown {
  id: string
  queue: 'runs' | 'compiles'
  team: string
  /** What it is about. */
  title: string
}
interface ShownDead extends Shown {
  attempts: number
  at: string
  reason: string
}

/** What `prompts jobs` prints: what waits (in its order), runs and failed (newest first) in both queues. */
interface Jobs {
  waiting: Shown[]
  running: Shown[]
  failed: ShownDead[]
}

export const run: Run<'jobs'> = async (context) => {
  const { positionals, config, show, note, signal } = context
  const [action = 'list', id] = positionals
  if (!['list', 'retry', 'drop'].includes(action) || (action === 'list') !== (id === undefined)) {
    throw new PromptsError('bad_arguments', `"prompts jobs ${positionals.join(' ')}" is nothing that I know`, {
      hint: `Usage: prompts ${usageOf('jobs')}`,
    })
  }
  const log = quietLog(createStderrLog(config.PROMPTS_LOG_LEVEL === 'info' ? 'warn' : config.PROMPTS_LOG_LEVEL))
  const namespace = await claimRedis(config, log, signal)
  const { runs, compiles, state, alone, close } = createInfrastructure(config, log, namespace === undefined ? {} : { namespace })
  try {
    if (id === undefined) {
      show(await listJobs(runs, compiles, context.flags.limit ?? defaultLimit), formatJobs)
      return exitCodes.ok
    }
    const records = new RunRecords(state, { keepDays: config.PROMPTS_KEEP_DAYS })
    const done =
      action === 'drop'
        ? (await runs.drop(id)) || (await compiles.drop(id))
        : (await retryRun(runs, records, id)) || (await retryCompilation(compiles, records, id))
    if (!done) throw new PromptsError('unknown_run', `No job ${id} failed`, { hint: '`prompts jobs` lists those that did.' })
    const later = alone ? ' when prompts serve starts next' : ''
    note(action === 'drop' ? `dropped ${id}; its thread has its failure` : `${id} is tried again${later}`)
    return exitCodes.ok
  } finally {
    await Promise.all([runs.close(0), compiles.close(0)])
    await close()
  }
}

type Runs = Parameters<typeof retryRun>[0]
type Compiles = Parameters<typeof retryCompilation>[0]

async function listJobs(runs: Runs, compiles: Compiles, limit: number): Promise<Jobs> {
  const ofRuns = readQueue(runs, 'runs', limit, ({ request, title }) => ({ team: request.tenant, title }))
  const ofCompiles = readQueue(compiles, 'compiles', limit, ({ run: about, team }) => ({ team, title: about }))
  const [first, second] = await Promise.all([ofRuns, ofCompiles])
  return {
    waiting: [...first.waiting, ...second.waiting],
    running: [...first.running, ...second.running],
    failed: [...first.failed, ...second.failed],
  }
}

async function readQueue<T>(
  queue: JobQueue<T>,
  name: Shown['queue'],
  limit: number,
  about: (data: T) => { team: string; title: string },
): Promise<Jobs> {
  const [waiting, running, failed] = await Promise.all([
    queue.list('waiting', limit),
    queue.list('active', limit),
    queue.deadLetters(limit),
  ])
  const shown = ({ id, data }: { id: string; data: T }): Shown => ({ id, queue: name, ...about(data) })
  return {
    waiting: waiting.map(shown),
    running: running.map(shown),
    failed: failed.map((letter) => ({ ...shown(letter), attempts: letter.attempts, at: letter.at, reason: letter.reason })),
  }
}

function formatJobs({ waiting, running, failed }: Jobs): string {
  const parts: string[] = []
  const table = (title: string, jobs: Shown[]) => {
    const rows = jobs.map(({ id, queue, team, title: about }) => [id, queue, team, about])
    if (rows.length > 0) parts.push(`${title}\n${formatTable(['id', 'queue', 'workspace', 'of'], rows)}`)
  }
  table('Running', running)
  table('Waiting', waiting)
  const rows = failed.map(({ id, queue, title, attempts, at, reason }) => [id, queue, title, String(attempts), at, reason])
  if (rows.length > 0)
    parts.push(
      `Failed\n${formatTable(['id', 'queue', 'of', 'tries', 'at', 'why'], rows)}\nprompts jobs retry <id> tries one again, prompts jobs drop <id> forgets it.`,
    )
  return parts.length === 0 ? 'Nothing waits, runs or failed in the last week.' : parts.join('\n\n')
}
