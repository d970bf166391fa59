import { Worker } from 'node:worker_threads'
import { PromptsError } from '../errors.ts'
import type { TaskName, Tasks } from './tasks.ts'
import { receivedError, type TaskMessage, type ThreadAnswer } from './thread-message.ts'

export interface ThreadPoolOptions {
  /** Threads that may work at once; what comes when all work waits for one. */
  size: number
  /** JavaScript heap that one task may use, MiB. */
  heapMib?: number
}

/**
 * Work that would hold the event loop for long, done in threads: meanwhile deadlines, cancelling, SIGTERM and the renewal of
 * locks act here. An aborted task's thread is ended at once, whatever it does.
 */
export interface ThreadPool {
  /**
   * @throws PromptsError what the task throws, `too_large` where it needs too much memory; the signal's reason as soon as it
   * aborts.
   */
  run<Name extends TaskName>(task: Name, input: Tasks[Name]['input'], signal: AbortSignal): Promise<Tasks[Name]['answer']>
  /** Ends all threads. */
  close(): Promise<void>
}

const entry = new URL('./thread.ts', import.meta.url)
const defaultHeapMib = 2048

/** A pool that starts its threads when they are needed and keeps the idle ones. They do not keep the process alive. */
export function createThreadPool({ size, heapMib = defaultHeapMib }: ThreadPoolOptions): ThreadPool {
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const waiting: (() => void)[] = []
  let busy = 0

  function start(): Worker {
    // threads compute: they need none of this process's secrets
    const worker = new Worker(entry, { env: {}, resourceLimits: { maxOldGenerationSizeMb: heapMib } })
    all.add(worker)
    worker.once('exit', () => {
      all.delete(worker)
      const at = idle.indexOf(worker)
      if (at >= 0) idle.splice(at, 1)
    })
    worker.unref()
    return worker
  }

  async function place(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (busy < size) {
      busy += 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const take = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        waiting.splice(waiting.indexOf(take), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', leave, { once: true })
      waiting.push(take)
    })
  }

  function freePlace(): void {
    const next = waiting.shift()
    if (next === undefined) busy -= 1
    else next()
  }

  function ask(worker: Worker, message: TaskMessage, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const done = () => {
        signal.removeEventListener('abort', onAbort)
        worker.removeAllListeners('message')
        worker.removeAllListeners('error')
        worker.off('exit', onExit)
      }
      const fail = (reason: unknown) => {
        done()
        void worker.terminate()
        reject(reason)
      }
      const onAbort = () => fail(signal.reason)
      const onExit = () => fail(new PromptsError('internal', `The thread of the task "${message.task}" ended without an answer`))
      signal.addEventListener('abort', onAbort, { once: true })
      worker.once('exit', onExit)
      worker.once('error', (error) => fail(tooMuchMemory(error) ?? error))
      worker.once('message', (answer: ThreadAnswer) => {
        done()
        idle.push(worker)
        if ('error' in answer) reject(receivedError(answer.error))
        else resolve(answer.value)
      })
      worker.postMessage(message)
    })
  }

  return {
    async run(task, input, signal) {
      await place(signal)
      const worker = idle.pop() ?? start()
      worker.ref()
      try {
        return (await ask(worker, { task, input }, signal)) as never
      } finally {
        worker.unref()
        freePlace()
      }
    },
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

function tooMuchMemory(error: unknown): PromptsError | null {
  if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') return null
  return new PromptsError('too_large', 'This needs more memory than one task may use', {
    hint: 'Ask for less at once: a smaller profile, or fewer settings that vary.',
    cause: error,
  })
}
