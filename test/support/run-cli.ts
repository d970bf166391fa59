import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { expect } from 'vitest'
import { main } from '../../src/cli/main.ts'
import { projectRoot } from './needs.ts'

export interface CliResult {
  code: number
  stdout: string
  stderr: string
  /** What --json printed, after it was held against its published schema. */
  json: unknown
}

const ajv = new Ajv2020({ allErrors: true, strict: false })
const validators = new Map<string, ValidateFunction>()

/** Which schema a command's JSON follows. */
const schemaOf: Record<string, string> = {
  diagnose: 'diagnosis',
  plan: 'plan',
  size: 'size',
  check: 'verdict',
  profile: 'profile-report',
  compare: 'comparison',
  adopt: 'case',
  outcome: 'case',
}

/** Throws what a published JSON Schema says against a value. */
export function assertSchema(name: string, value: unknown): void {
  let validate = validators.get(name)
  if (!validate) {
    validate = ajv.compile(JSON.parse(readFileSync(join(projectRoot, 'docs/schemas', `${name}.json`), 'utf8')))
    validators.set(name, validate)
  }
  if (!validate(value)) throw new Error(`not a ${name}: ${ajv.errorsText(validate.errors)}`)
}

/** Runs the command in this process, as a user in a folder of their own would; with --json the output is checked. */
export async function runCli(argv: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  let stdout = ''
  let stderr = ''
  const code = await main(argv, {
    env: { PROMPTS_HOME: cliHome(), PROMPTS_EXPERIMENTS: join(projectRoot, 'examples'), ...env },
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
    signal: new AbortController().signal,
  })
  let json: unknown
  if (argv.includes('--json')) {
    json = JSON.parse(stdout)
    const failed = typeof json === 'object' && json !== null && 'error' in json
    const schema = failed ? 'failure' : schemaOf[argv[0] ?? '']
    if (schema !== undefined) assertSchema(schema, json)
  }
  return { code, stdout, stderr, json }
}

const homes = new Map<string, string>()

/** One folder of state for all of a test file's calls, whatever else its process runs; removed when the process ends. */
function cliHome(): string {
  const file = expect.getState().testPath ?? ''
  const known = homes.get(file)
  if (known !== undefined) return known
  const made = mkdtempSync(join(tmpdir(), 'prompts-cli-'))
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  homes.set(file, made)
  return made
}
