import { startHealthServer } from '../health/health-server.ts'
import type { SlackDeps } from './deps.ts'
import { processHealth } from './process-health.ts'
import { createCompileFailureHandler, createCompileHandler } from './runs/compile-handler.ts'
import { createFailureHandler, createRunHandler } from './runs/run-handler.ts'
import { messageKey } from './runs/run-records.ts'
import { createServices, type SlackServices } from './services.ts'

export interface RunningWorker {
  services: SlackServices
  /** Stops taking runs, waits for those that run, sends what waits; what is left others go on with. */
  stop(graceMs?: number): Promise<void>
}

export interface WorkerOptions {
  services?: SlackServices
  /** Which queues to work; a machine with the compiler may take only those. */
  queues?: ('runs' | 'compiles')[]
}

/**
 * Works the queues in this process: diagnoses, and compiling by its own concurrency. Any number of these may run beside `serve`.
 */
export async function startWorker(deps: SlackDeps, options: WorkerOptions = {}): Promise<RunningWorker> {
  const ownsServices = options.services === undefined
  const services = options.services ?? createServices(deps)
  const { outbox, records, delivery, adoption } = services
  if (ownsServices) await outbox.start()
  const queues = options.queues ?? ['runs', 'compiles']
  if (queues.includes('runs')) {
    const failed = createFailureHandler({ records, delivery })
    const handle = createRunHandler({
      deps,
      records,
      delivery,
      onAnswered: async (record) => {
        for (const watcher of await records.watchers(record.run)) {
          const root = await outbox.sent(record.team, messageKey(record.run, watcher, 'root'))
          if (root !== null) await services.reactions.applyEarly(root.channel, root.ts)
        }
      },
    })
    await deps.runs.work(handle, { concurrency: deps.config.PROMPTS_WORKERS, onFailed: (job, error) => failed(job.data, error) })
  }
  if (queues.includes('compiles') && deps.compiler) {
    const handle = createCompileHandler({
      deps,
      outbox,
      records,
      delivery,
      onWithdrawn: (record, input) => adoption.withdrawn(record, input),
    })
    const notCompiled = createCompileFailureHandler({ records, delivery })
    await deps.compiles.work(handle, {
      concurrency: deps.config.PROMPTS_COMPILER_PROCESSES,
      async onFailed(job, error) {
        deps.log.error('compiling failed', { run: job.data.run, error: String(error) })
        await notCompiled(job.data)
      },
    })
  }
  const healthPort = ownsServices ? deps.config.PROMPTS_HEALTH_PORT : undefined
  const health = healthPort === undefined ? null : await startHealthServer(processHealth(services).routes, healthPort)
  return {
    services,
    async stop(graceMs = 10_000) {
      await health?.stop()
      await Promise.all([deps.runs.close(graceMs), deps.compiles.close(graceMs)])
      if (ownsServices) await outbox.close()
    },
  }
}
