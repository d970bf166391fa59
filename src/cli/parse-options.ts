import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import { usageOf } from './command.ts'
import { type CommandName, type Definition, definitions } from './definitions.ts'
import type { Option } from './options.ts'

/**
 * The arguments and options of a command by its definition. @throws PromptsError `bad_arguments` with the nearest option or the
 * usage.
 */
export function parseOptions(
  name: CommandName,
  args: readonly string[],
): { positionals: string[]; flags: Record<string, string | number | boolean | undefined> } {
  const { options, takes }: Definition = definitions[name]
  const { positionals, values } = parse(name, args, options)
  if (positionals.length < takes.min || positionals.length > takes.max) {
    const wanted = takes.min === takes.max ? String(takes.min) : `${takes.min} to ${takes.max}`
    throw new PromptsError(
      'bad_arguments',
      `prompts ${name} takes ${wanted} argument${takes.max === 1 ? '' : 's'}, got ${positionals.length}`,
      { hint: `Usage: prompts ${usageOf(name)}` },
    )
  }
  return {
    positionals,
    flags: Object.fromEntries(Object.entries(options).map(([key, option]) => [key, typedValue(key, option, values[key])])),
  }
}

function parse(name: CommandName, args: readonly string[], options: Definition['options']) {
  const config: ParseArgsOptionsConfig = {}
  for (const [key, { kind, short }] of Object.entries(options)) {
    config[key] = { type: kind === 'flag' ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) }
  }
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true, strict: true })
  } catch (error) {
    const message = (error as Error).message.split('. To specify')[0] ?? ''
    const unknown = /'(--?[^' ]+)/.exec(message)?.[1]
    const near = unknown ? nearest(unknown.replace(/^-+/, ''), Object.keys(options), 1)[0] : undefined
    throw new PromptsError('bad_arguments', `prompts ${name}: ${message}`, {
      hint: near ? `Did you mean --${near}?` : `Usage: prompts ${usageOf(name)}`,
    })
  }
}

function typedValue(key: string, option: Option, given: unknown): string | number | boolean | undefined {
  if (option.kind === 'flag') return given === true
  if (typeof given !== 'string') return undefined
  if (option.kind === 'text') return given
  if (option.kind === 'choice') {
    if (option.of.includes(given)) return given
    throw new PromptsError('bad_arguments', `--${key} is "${given}"`, { hint: `One of ${option.of.join(', ')}.` })
  }
  const number = given.trim() === '' ? Number.NaN : Number(given)
  if (number >= option.min && number <= option.max && (!option.whole || Number.isInteger(number))) return number
  throw new PromptsError('bad_arguments', `--${key} is "${given}"`, { hint: numbersOf(option) })
}

function numbersOf({ min, max, whole }: Extract<Option, { kind: 'number' }>): string {
  if (!whole) return 'A number above 0.'
  return max === Number.MAX_SAFE_INTEGER ? `A whole number from ${min}.` : `A whole number from ${min} to ${max}.`
}
