import { asPromptsError, exitCodes, PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import { projectVersion } from '../text/project-version.ts'
import { visible, visibleLine, visibleValues } from '../text/visible.ts'
import { commandNames, isCommand, loadCommand } from './commands.ts'
import { helpOf, overview } from './help.ts'
import { parseOptions } from './parse-options.ts'

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
    // what a stop interrupts fails in many ways; none of them is a fault
    const stopped = edges.signal.aborted && !(thrown instanceof PromptsError)
    const error = stopped ? new PromptsError('cancelled', 'Stopped before it was done') : asPromptsError(thrown)
    if (error.code === 'internal')
      edges.stderr(`${JSON.stringify({ id: error.id, stack: error.cause instanceof Error ? error.cause.stack : String(error.cause) })}\n`)
    if (wantsJson) {
      edges.stdout(
        `${visible(JSON.stringify({ error: { code: error.code, message: error.message, hint: error.hint, id: error.id, ...error.details } }))}\n`,
      )
    } else {
      edges.stderr(inParagraph([`prompts: ${error.message}`, error.hint, error.code === 'internal' ? `id ${error.id}` : '']))
    }
    return error.exitCode
  }
}

/** Lines under a first one, indented: what an error quotes cannot begin a line of its own. */
function inParagraph(lines: readonly string[]): string {
  const shown = lines.filter((line) => line !== '').join('\n')
  return `${visible(shown).replaceAll('\n', '\n         ')}\n`
}

async function dispatch(argv: readonly string[], edges: Edges): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    edges.stdout(overview())
    return exitCodes.ok
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    edges.stdout(`${projectVersion()}\n`)
    return exitCodes.ok
  }
  if (!isCommand(name)) {
    const near = nearest(name, commandNames, 1)[0]
    throw new PromptsError('bad_arguments', `There is no command "${name}"`, {
      hint: near ? `Did you mean "prompts ${near}"?` : 'See `prompts --help`.',
    })
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    edges.stdout(helpOf(name))
    return exitCodes.ok
  }
  const { positionals, flags } = parseOptions(name, rest)
  const print = (text: string) => edges.stdout(`${visible(text)}\n`)
  const [run, { readConfig }] = await Promise.all([loadCommand(name), import('../config.ts')])
  return run({
    positionals,
    flags: flags as never,
    config: readConfig(edges.env),
    print,
    show: (value, format) => print(flags.json === true ? JSON.stringify(value) : format(visibleValues(value))),
    note: (text) => edges.stderr(`${visibleLine(text)}\n`),
    signal: edges.signal,
  })
}
