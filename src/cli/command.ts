import type { Config } from '../config.ts'
import { type CommandName, definitions } from './definitions.ts'
import type { Values } from './options.ts'

/** What a subcommand gets: parsed arguments and the edges of the process. */
export interface Context<Name extends CommandName> {
  positionals: string[]
  /** Its options by the table of definitions, with their types. */
  flags: Values<(typeof definitions)[Name]['options']>
  config: Config
  /** Prints text to stdout; with --json only the final JSON goes there. */
  print(text: string): void
  /** Prints a value to stdout: as JSON with --json, else as the formatter writes it. */
  show<T>(value: T, format: (value: T) => string): void
  /** Prints one line to stderr: progress and logs. */
  note(text: string): void
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal
}

/** One subcommand of `prompts`: returns the exit code. */
export type Run<Name extends CommandName> = (context: Context<Name>) => Promise<number>

/** How a command is called, without the leading `prompts`. */
export function usageOf(name: CommandName): string {
  const { arguments: taken, options } = definitions[name]
  const words = Object.entries(options).map(([key, option]) => `[--${key}${option.kind === 'flag' ? '' : ` ${option.value}`}]`)
  return [name, taken, ...words].filter((word) => word !== '').join(' ')
}
