import { parseDocument } from 'yaml'
import { PromptsError } from '../../../errors.ts'
import { readMaxTextCommand } from './read-command.ts'
import { readMaxTextLog } from './read-log.ts'
import { withDefaults } from './setting-table.ts'

/** What an engineer has of a MaxText job: settings with every default, and what else the text says. */
export interface MaxTextInput {
  kind: 'log' | 'command' | 'YAML'
  settings: Map<string, string>
  /** The settings that the text itself says. */
  written: ReadonlySet<string>
  /** Of a log: seconds by step. */
  stepSeconds: Map<number, number>
  /** A slice that a launcher names, and how many. */
  topology: string | null
  slices: number | null
  compilerFlags: string | null
}

/**
 * Reads a log of a run (or of train_compile), a YAML file of settings, a recipe's model definition, or a command line.
 * @throws PromptsError `bad_log` when it is none of them.
 */
export function readMaxTextInput(text: string, what: string): MaxTextInput {
  const nothing = { stepSeconds: new Map<number, number>(), topology: null, slices: null, compilerFlags: null }
  if (/Config param [A-Za-z0-9_]+: /.test(text)) {
    const { settings, stepSeconds } = readMaxTextLog(text, what)
    return { ...nothing, kind: 'log', settings, written: new Set(settings.keys()), stepSeconds }
  }
  const yaml = readSettings(dictOf(text) ?? text)
  if (yaml !== null) return { ...nothing, kind: 'YAML', settings: withDefaults(yaml), written: new Set(yaml.keys()) }
  const command = readMaxTextCommand(text)
  if (command !== null)
    return { ...nothing, ...command, kind: 'command', settings: withDefaults(command.settings), written: new Set(command.settings.keys()) }
  throw new PromptsError('bad_log', `${what}: no line "Config param NAME: VALUE", no YAML of settings, and no command with NAME=VALUE`, {
    hint: 'Give the log of a MaxText run from its start, its YAML file, or the command that starts it.',
  })
}

/** The settings of a benchmark's model definition in Python: `tuning_params={…}` with its `model_type`. */
function dictOf(text: string): string | null {
  const dict = /tuning_params\s*=\s*(\{[\s\S]*?\n?\s*\})\s*,?\s*(?:\n|\))/.exec(text)?.[1]
  if (dict === undefined) return null
  const model = /model_type\s*=\s*["']([\w.-]+)["']/.exec(text)?.[1]
  return dict.replace(/^\{/, model === undefined ? '{' : `{"model_name": "${model}", `)
}

/** A flat YAML mapping of settings; null for any other text. */
function readSettings(text: string): Map<string, string> | null {
  const document = parseDocument(text, { maxAliasCount: 0, logLevel: 'silent', customTags: [] } as Parameters<typeof parseDocument>[1])
  if (document.errors.length > 0) return null
  const data: unknown = document.toJS({ maxAliasCount: 0 })
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null
  const entries = Object.entries(data).filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
  if (entries.length === 0) return null
  return new Map(
    entries.map(([name, value]) => [name, typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')]),
  )
}
