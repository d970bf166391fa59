import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { readInlineExperiment } from '../../../src/experiment/read-inline-experiment.ts'
import { createMetrics } from '../../../src/health/metrics.ts'
import { createFileMemory } from '../../../src/runs/memory/file-memory.ts'
import { openRunStore } from '../../../src/runs/memory/open-memory.ts'
import { createInfrastructure } from '../../../src/slack/infrastructure.ts'
import type { Log } from '../../../src/slack/log.ts'
import { startServe } from '../../../src/slack/serve.ts'
import { startWorker } from '../../../src/slack/worker.ts'
import { noTraces } from '../../../src/traces/traces.ts'
import { botConfig } from './bot.ts'
import { fakeDiagnoseService, fakeThread } from './fake-diagnose-service.ts'

/**
 * `serve` or `worker` as a process of its own, with a stand-in for the reasoning layer; says where it listens, or `ready`, on
 * stdout. For tests that kill processes, and for the load test.
 */
const { values } = parseArgs({
  options: {
    role: { type: 'string', default: 'serve' },
    home: { type: 'string' },
    api: { type: 'string' },
    redis: { type: 'string' },
    port: { type: 'string', default: '0' },
    'stage-ms': { type: 'string', default: '5' },
    workers: { type: 'string', default: '2' },
    compiler: { type: 'boolean', default: false },
    // the verdicts of every so manieth run come so late
    'late-every': { type: 'string', default: '0' },
    'late-ms': { type: 'string', default: '0' },
    // runs in a bucket that an S3 server at this address has; default: files under home
    runs: { type: 'string' },
    's3-endpoint': { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

const config = botConfig({ apiUrl: values.api ?? '' }, values.home ?? '', {
  ...{
    PORT: values.port,
    PROMPTS_WORKERS: values.workers,
    PROMPTS_ALLOW_GUESTS: '1',
    PROMPTS_QUOTA_PER_PERSON: '100000',
    PROMPTS_COMPILER_PROCESSES: '64',
  },
  ...(values.redis === undefined ? {} : { REDIS_URL: values.redis }),
  ...(values.runs === undefined ? {} : { PROMPTS_RUNS: values.runs, PROMPTS_S3_ENDPOINT: values['s3-endpoint'] ?? '' }),
})
const write = (level: string) => (text: string, data?: Record<string, unknown>) => {
  if (values.verbose || level === 'error') process.stderr.write(`${values.role} ${level} ${text} ${JSON.stringify(data ?? {})}\n`)
}
const log: Log = { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') }
const memory = values.runs === undefined ? createFileMemory({ folder: `${values.home}/memory` }) : openRunStore(config).memory
const fits = {
  status: 'fits',
  required_gib: 77.9,
  available_gib: 95.7,
  step_time_ms: null,
  effort: 'fast',
  program: 'reference',
  versions: {},
  seconds: 1,
  message: null,
}
const diagnose = fakeDiagnoseService({
  memory,
  stageMs: Number(values['stage-ms']),
  compile: async (run, onCard) => {
    const diagnosis = await memory.diagnosis(run)
    const number = Number(/\d+$/.exec(diagnosis?.experiment ?? '')?.[0])
    if (number % Number(values['late-every']) === 0) await sleep(Number(values['late-ms']))
    await onCard(
      (diagnosis?.cards ?? []).map((card) => ({ ...card, compiler: fits as never })),
      [],
    )
  },
})
const infrastructure = createInfrastructure(config, log)
const deps = {
  ...{
    config,
    memory,
    diagnose,
    thread: fakeThread(),
    log,
    metrics: createMetrics(),
    traces: noTraces,
    compiler: values.compiler,
    ...infrastructure,
  },
  readInline: async (text: string, what: string) => readInlineExperiment(text, what),
  experiments: {
    examples: async () => ['exp-123'],
    runs: async () => ({ runs: [], silent: [] }),
    stepTimeMs: async () => null,
    answerRun: async () => {},
  },
}
let stop: () => Promise<void>
if (values.role === 'worker') {
  const worker = await startWorker(deps)
  stop = () => worker.stop(3000)
  process.stdout.write('ready\n')
} else {
  const server = await startServe(deps)
  stop = () => server.stop(3000)
  process.stdout.write(`${server.url}\n`)
}
process.on('SIGTERM', () => {
  stop()
    .then(() => infrastructure.close())
    .finally(() => process.exit(0))
})
