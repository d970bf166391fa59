import { openSlack } from '../../src/cli/open-slack.ts'
import { createStderrLog } from '../../src/cli/stderr-log.ts'
import { readConfig } from '../../src/config.ts'
import type { Job, JobQueue } from '../../src/jobs/job-queue.ts'
import type { RunJob } from '../../src/slack/deps.ts'
import { startServe } from '../../src/slack/serve.ts'

/**
 * `prompts serve` where nothing waits: each diagnosis begins in the moment in which it is asked for. What the queue is measured
 * against.
 */
const config = readConfig({ ...process.env, PROMPTS_LOG_LEVEL: 'info' })
const log = createStderrLog('info')
const { deps } = await openSlack(config, { log, signal: new AbortController().signal })
const running = new Set<string>()
let handle: (job: Job<RunJob>) => Promise<void> = async () => {}
let onFailed: (job: { id: string; data: RunJob }, error: unknown) => Promise<void> = async () => {}
const atOnce: JobQueue<RunJob> = {
  async add(id, data) {
    running.add(id)
    handle({ id, data, attempt: 1, signal: new AbortController().signal })
      .catch((error: unknown) => onFailed({ id, data }, error))
      .finally(() => running.delete(id))
  },
  async work(handler, options) {
    handle = handler
    onFailed = options.onFailed ?? onFailed
  },
  cancel: async () => false,
  has: async (id) => running.has(id),
  depth: async () => ({ waiting: 0, active: running.size }),
  ahead: async () => null,
  list: async () => [],
  deadLetters: async () => [],
  retry: async () => false,
  drop: async () => false,
  async close() {},
}
const server = await startServe({ ...deps, runs: atOnce }, { works: true })
process.stderr.write(`listening on ${server.url}\n`)
