import { exitCodes, PromptsError } from '../errors.ts'
import { quietLog } from '../slack/quiet-log.ts'
import { startWorker } from '../slack/worker.ts'
import type { Run } from './command.ts'
import { openSlack } from './open-slack.ts'
import { createStderrLog } from './stderr-log.ts'
import { untilStopped } from './until-stopped.ts'

export const run: Run<'worker'> = async ({ config, flags, note, signal }) => {
  if (!config.REDIS_URL)
    throw new PromptsError('unavailable', 'A worker needs REDIS_URL: without it jobs run inside prompts serve', {
      hint: 'Set REDIS_URL for both.',
    })
  const { queue } = flags
  const { deps, close } = await openSlack(config, { log: quietLog(createStderrLog(config.PROMPTS_LOG_LEVEL)), signal, role: 'worker' })
  const worker = await startWorker(deps, queue === undefined ? {} : { queues: [queue] })
  note(`processing queues: ${queue ?? 'runs, compiles'}`)
  await untilStopped(signal)
  await worker.stop()
  await close()
  return exitCodes.ok
}
