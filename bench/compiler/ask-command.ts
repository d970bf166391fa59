import { join, resolve } from 'node:path'
import { main } from '../../src/cli/main.ts'

/** The repository. */
export const project = resolve(import.meta.dirname, '../..')
const python = process.env.PROMPTS_COMPILER_PYTHON ?? join(project, '.prompts/compiler/bin/python')

/** What a command that may compile answers with `--json`, run in this process; what it says on the way goes to standard error. */
export async function askCommand<T>(
  argv: readonly string[],
  { home, timeoutSeconds }: { home: string; timeoutSeconds: number },
): Promise<T | { error: { message: string } }> {
  let stdout = ''
  await main([...argv, '--json'], {
    env: {
      PROMPTS_HOME: home,
      PROMPTS_COMPILER_PYTHON: python,
      PROMPTS_COMPILER_TIMEOUT_SECONDS: String(timeoutSeconds),
      PROMPTS_RUN_DEADLINE_SECONDS: '3600',
    },
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => process.stderr.write(text),
    signal: new AbortController().signal,
  })
  return JSON.parse(stdout) as T | { error: { message: string } }
}
