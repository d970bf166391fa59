import { usageOf } from './command.ts'
import { commandNames } from './commands.ts'
import { type CommandName, type Definition, definitions } from './definitions.ts'

const callWidth = 42

/** Every command in a line: what `prompts --help` prints. Loads none of them. */
export function overview(): string {
  const lines = commandNames.map((name) => {
    const call = `${name} ${definitions[name].arguments}`
    return `  ${call.padEnd(callWidth)}${call.length < callWidth ? '' : `\n  ${' '.repeat(callWidth)}`}${definitions[name].summary}`
  })
  return [
    'Diagnoses TPU jobs and proposes meshes that were checked first.',
    '',
    'Usage: prompts COMMAND [options]',
    '',
    ...lines,
    '',
    'prompts COMMAND --help shows the options of a command. --json prints JSON alone on stdout. prompts --version prints the version.',
    '',
  ].join('\n')
}

/** What `prompts COMMAND --help` prints. */
export function helpOf(name: CommandName): string {
  const { summary, options }: Definition = definitions[name]
  const lines = Object.entries(options).map(([key, option]) => {
    const short = option.short === undefined ? '' : `-${option.short}, `
    return `  ${short}--${key}${option.kind === 'flag' ? '' : ` ${option.value}`}`.padEnd(26) + option.meaning
  })
  return `${[summary, '', `Usage: prompts ${usageOf(name)}`, ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')}\n`
}
