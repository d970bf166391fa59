import { parentPort } from 'node:worker_threads'
import { asPromptsError } from '../errors.ts'
import type { TaskName, Tasks } from './tasks.ts'
import type { TaskMessage, ThreadAnswer } from './thread-message.ts'

/** How each task is done. What it needs is loaded when it is first asked for. */
const work: { [Name in TaskName]: (input: Tasks[Name]['input']) => Promise<Tasks[Name]['answer']> } = {
  async plan(input) {
    const { planExperiment } = await import('../planner/plan.ts')
    return planExperiment({ ...input, clock: () => performance.now() })
  },
  async size(input) {
    const { sizeJob } = await import('../planner/size-job.ts')
    return sizeJob(input)
  },
  async inline({ text, what }) {
    const { readInlineExperiment } = await import('../experiment/read-inline-experiment.ts')
    return readInlineExperiment(text, what)
  },
  async profile({ source, mesh }) {
    const { readProfileDetails } = await import('../profile/read-profile.ts')
    return readProfileDetails(source, mesh === null ? {} : { mesh })
  },
}

parentPort?.on('message', async ({ task, input }: TaskMessage) => {
  let answer: ThreadAnswer
  try {
    answer = { value: await work[task as TaskName](input as never) }
  } catch (thrown) {
    const { code, message, hint, retryable, cause } = asPromptsError(thrown)
    answer = { error: { code, message, hint, retryable, stack: cause instanceof Error ? String(cause.stack) : String(cause ?? '') } }
  }
  parentPort?.postMessage(answer)
})
