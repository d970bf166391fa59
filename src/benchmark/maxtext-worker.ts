import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { childEnvironment } from '../compiler/child-environment.ts'
import { maxTextEnvironment } from '../compiler/maxtext-program.ts'
import { PromptsError } from '../errors.ts'

const versionsSchema = z.record(z.string(), z.string())
const answerSchema = z.looseObject({
  versions: versionsSchema,
  status: z.enum(['fits', 'oom', 'vmem', 'error', 'unknown']),
  seconds: z.number(),
  cpu_seconds: z.number(),
  required_gib: z.number().nullish(),
  available_gib: z.number().nullish(),
  message: z.string().nullish(),
})
export type MaxTextAnswer = z.infer<typeof answerSchema>

/** A MaxText program to compile: its settings, where the module goes and what it printed. */
export interface MaxTextProgram {
  id: string
  settings: readonly string[]
  module: string
  log: string
}

/** A process that has imported MaxText and compiles one program after the other. */
export interface MaxTextWorker {
  versions: Record<string, string>
  /** @throws PromptsError `unavailable` when the process has ended. */
  compile(program: MaxTextProgram): Promise<MaxTextAnswer>
  close(): void
}

/**
 * Starts bench/maxtext/compile_programs.py with the operator's Python; it stops a compilation that takes too long or too much
 * memory by itself.
 * @throws PromptsError `unavailable` where it does not start.
 */
export async function openMaxTextWorker(options: { python: string; script: string; folder: string }): Promise<MaxTextWorker> {
  const child = spawn(options.python, [options.script], {
    env: { ...childEnvironment(process.env), ...maxTextEnvironment },
    stdio: ['pipe', 'pipe', 'ignore'],
    cwd: options.folder,
  })
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  failed.catch(() => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const { value, done } = await Promise.race([lines.next(), failed]).catch(() => ({ value: undefined, done: true }))
    if (done) {
      throw new PromptsError('unavailable', `MaxText does not run with ${options.python}`, { hint: 'npm run setup:maxtext installs it.' })
    }
    return JSON.parse(String(value))
  }
  const { versions } = z.object({ versions: versionsSchema }).parse(await next())
  return {
    versions,
    async compile(program) {
      child.stdin.write(`${JSON.stringify(program)}\n`)
      return answerSchema.parse(await next())
    },
    close: () => child.stdin.end(),
  }
}
