import { parseArgs } from 'node:util'
import { readConfig } from '../config.ts'
import { asPromptsError, exitCodes, PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import { projectVersion } from '../text/project-version.ts'
import type { Command } from './command.ts'
import { commandNames, loadCommand } from './commands.ts'

export interface Edges {
  env: Record<string, string | undefined>
  stdout: (text: string) => void
  stderr: (text: string) => void
  signal: AbortSignal
}

/** The `prompts` command: finds the subcommand, parses its arguments, shows an error once, returns the exit code. */
export async function main(argv: readonly string[], edges: Edges): Promise<number> {
  const wantsJson = argv.includes('--json')
  try {
    return await dispatch(argv, edges)
  } catch (thrown) {
    const error = asPromptsError(thrown)
    if (error.code === 'internal')
      edges.stderr(`${JSON.stringify({ id: error.id, stack: error.cause instanceof Error ? error.cause.stack : String(error.cause) })}\n`)
    if (wantsJson) {
      edges.stdout(
        `${JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint, id: error.id, ...error.details } })}\n`,
      )
    } else {
      edges.stderr(
        `prompts: ${error.message}\n${error.hint ? `         ${error.hint}\n` : ''}${error.code === 'internal' ? `         id ${error.id}\n` : ''}`,
      )
    }
    return error.exitCode
  }
}

async function dispatch(argv: readonly string[], edges: Edges): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    edges.stdout(await overview())
    return exitCodes.ok
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    edges.stdout(`${projectVersion()}\n`)
    return exitCodes.ok
  }
  const command = await loadCommand(name)
  if (!command) {
    const near = nearest(name, commandNames, 1)[0]
    throw new PromptsError('bad_arguments', `There is no command "${name}"`, {
      hint: near ? `Did you mean "prompts ${near}"?` : 'See `prompts --help`.',
    })
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    edges.stdout(help(command))
    return exitCodes.ok
  }
  const { positionals, values } = parse(command, rest)
  return command.run({
    positionals,
    flags: values,
    config: readConfig(edges.env),
    print: (text) => edges.stdout(`${text}\n`),
    note: (text) => edges.stderr(`${text}\n`),
    signal: edges.signal,
  })
}

function parse(command: Command, args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([key, { type, short }]) => [key, short ? { type, short } : { type }]),
  )
  let parsed: { positionals: string[]; values: Record<string, string | boolean | undefined> }
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    const message = (error as Error).message.split('. To specify')[0] ?? ''
    const unknown = /'(--?[^' ]+)/.exec(message)?.[1]
    const near = unknown ? nearest(unknown.replace(/^-+/, ''), Object.keys(command.options), 1)[0] : undefined
    throw new PromptsError('bad_arguments', `prompts ${command.name}: ${message}`, {
      hint: near ? `Did you mean --${near}?` : `Usage: prompts ${command.usage}`,
    })
  }
  const { min, max } = command.positionals
  if (parsed.positionals.length < min || parsed.positionals.length > max) {
    throw new PromptsError(
      'bad_arguments',
      `prompts ${command.name} takes ${min === max ? min : `${min} to ${max}`} argument${max === 1 ? '' : 's'}, got ${parsed.positionals.length}`,
      {
        hint: `Usage: prompts ${command.usage}`,
      },
    )
  }
  return parsed
}

async function overview(): Promise<string> {
  const lines = ['Diagnoses TPU jobs and proposes meshes that were checked first.', '', 'Usage: prompts COMMAND [options]', '']
  for (const name of commandNames) {
    const command = await loadCommand(name)
    if (command) lines.push(`  ${command.usage.padEnd(58)} ${command.summary}`)
  }
  lines.push('', 'prompts COMMAND --help tells a command’s options. --json prints JSON alone on stdout.', '')
  return lines.join('\n')
}

function help(command: Command): string {
  const lines = [command.summary, '', `Usage: prompts ${command.usage}`, '']
  for (const [key, { meaning, type }] of Object.entries(command.options))
    lines.push(`  --${key}${type === 'string' ? ' …' : ''}`.padEnd(24) + meaning)
  return `${lines.join('\n')}\n`
}
