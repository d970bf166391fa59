import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { childEnvironment } from '../compiler/child-environment.ts'
import { PromptsError } from '../errors.ts'
import type { Parameter, Point } from './study.ts'

export const tunerNames = ['vizier', 'optuna'] as const
export type TunerName = (typeof tunerNames)[number]

/** A step time in milliseconds; null: the trial failed. */
export interface Told {
  parameters: Point
  value: number | null
}

/** What a tuner is begun with. Priors are predicted step times, trials measured ones. */
export interface Study {
  tuner: TunerName
  seed: number
  parameters: readonly Parameter[]
  priors: readonly { parameters: Point; value: number }[]
  trials: readonly Told[]
}

/**
 * google-vizier or Optuna in a Python process.
 * @throws PromptsError `unavailable` from every method once the process has ended or is too slow.
 */
export interface TunerProcess {
  /** Begins a study, ending the one before; the versions of what suggests. */
  begin(study: Study): Promise<Record<string, string>>
  ask(): Promise<Point>
  tell(trial: Told): Promise<void>
  /** Writes the study that was begun into a folder as the tuner's own tools open it; where. */
  export(study: { folder: string; name: string; seeds: readonly Point[] }): Promise<string>
  close(): void
}

const script = fileURLToPath(new URL('./python/ask_tell.py', import.meta.url))
const answerMs = 600_000
const pointSchema = z.record(z.string(), z.number())

/** Starts the tuners' Python; `home` keeps what Vizier compiles for itself between runs. */
export function openTuner(options: { python: string; cache: string; timeoutMs?: number }): TunerProcess {
  const { python, cache, timeoutMs = answerMs } = options
  const child = spawn(python, [script], {
    env: { ...childEnvironment(process.env), JAX_PLATFORMS: 'cpu', JAX_COMPILATION_CACHE_DIR: cache },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2000)
  })
  child.stdin.on('error', () => {})
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  failed.catch(() => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  const say = async (message: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(message)}\n`)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<{ value: undefined; done: true }>((resolve) => {
      timer = setTimeout(() => resolve({ value: undefined, done: true }), timeoutMs)
    })
    const { value, done } = await Promise.race([lines.next(), failed, late]).catch(() => ({ value: undefined, done: true as const }))
    clearTimeout(timer)
    if (done || value === undefined) {
      child.kill('SIGKILL')
      const last = said.trim().split('\n').at(-1) ?? ''
      throw new PromptsError('unavailable', `The tuner does not answer${last === '' ? '' : `: ${last.slice(0, 300)}`}`, {
        hint: 'npm run setup:tuners installs google-vizier and Optuna into the project.',
      })
    }
    return JSON.parse(String(value))
  }
  return {
    begin: async (study) => z.object({ versions: z.record(z.string(), z.string()) }).parse(await say(study)).versions,
    ask: async () => z.object({ parameters: pointSchema }).parse(await say({ ask: true })).parameters,
    tell: async (trial) => {
      await say({ tell: trial })
    },
    export: async (study) => z.object({ written: z.string() }).parse(await say({ export: study })).written,
    close: () => {
      child.stdin.end()
      child.kill('SIGTERM')
    },
  }
}
