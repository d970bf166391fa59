import type { Config } from '../config.ts'

/** What a subcommand gets: parsed arguments and the edges of the process. */
export interface CommandContext {
  positionals: string[]
  flags: Record<string, string | boolean | undefined>
  config: Config
  /** Prints to stdout; with --json only the final JSON goes there. */
  print(text: string): void
  /** Prints to stderr: progress and logs. */
  note(text: string): void
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal
}

/** One subcommand of `prompts`. */
export interface Command {
  name: string
  /** How it is called, without the leading `prompts`. */
  usage: string
  summary: string
  options: Record<string, { type: 'string' | 'boolean'; short?: string; meaning: string }>
  positionals: { min: number; max: number }
  /** Returns the exit code. */
  run(context: CommandContext): Promise<number>
}
