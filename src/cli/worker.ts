import { exitCodes, PromptsError } from '../errors.ts'
import { startWorker } from '../slack/worker.ts'
import type { Command } from './command.ts'
import { openSlack } from './open-slack.ts'
import { createStderrLog } from './stderr-log.ts'
import { untilStopped } from './until-stopped.ts'

export const command: Command = {
  name: 'worker',
  usage: 'worker [--queue runs|compiles]',
  summary: 'more workers beside serve, over Redis',
  options: { queue: { type: 'string', meaning: 'work one queue only: a machine with the compiler may take compiles alone' } },
  positionals: { min: 0, max: 0 },
  async run({ config, flags, note, signal }) {
    if (!config.REDIS_URL)
      throw new PromptsError('unavailable', 'A worker needs REDIS_URL: without it jobs run inside prompts serve', {
        hint: 'Set REDIS_URL for both.',
      })
    const queue = flags['queue']
    if (queue !== undefined && queue !== 'runs' && queue !== 'compiles')
      throw new PromptsError('bad_arguments', `There is no queue "${String(queue)}"`, { hint: 'runs or compiles.' })
    const { deps, close } = await openSlack(config, createStderrLog(config.PROMPTS_LOG_LEVEL), signal)
    const worker = await startWorker(deps, queue === undefined ? {} : { queues: [queue] })
    note(`processing queues: ${queue ?? 'runs, compiles'}`)
    await untilStopped(signal)
    await worker.stop()
    await close()
    return exitCodes.ok
  },
}
