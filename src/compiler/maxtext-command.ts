import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

let tellPeak: string | undefined

/**
 * The operator's command as it is run: `python -m MODULE …` becomes the same module under `python/tell_peak.py`, given as text so
 * that it works in a container too, which tells the versions and the compiler's peak. Words before `python` (`docker run IMAGE`,
 * `env NAME=value`) stay; a command of another kind is run as it is, and its verdict has the sum of the memory's parts instead of
 * the peak.
 */
export function tellingCommand(command: readonly string[]): string[] {
  const flag = moduleFlag(command)
  return flag === null ? [...command] : [...under(command.slice(0, flag)), ...command.slice(flag + 1)]
}

/** A command that tells the versions of the same Python's packages and compiles nothing; null for a command of another kind. */
export function versionsCommand(command: readonly string[]): string[] | null {
  const flag = moduleFlag(command)
  return flag === null ? null : [...under(command.slice(0, flag)), 'platform']
}

/** Where `-m` stands in `… python … -m MODULE …`. */
function moduleFlag(command: readonly string[]): number | null {
  const python = command.findIndex((word) => /^python[\d.]*$/.test(basename(word)))
  const flag = command.indexOf('-m', python)
  if (python < 0 || flag < 0 || command[flag + 1] === undefined) return null
  return command.slice(python + 1, flag).every((word) => word.startsWith('-')) ? flag : null
}

function under(words: readonly string[]): string[] {
  tellPeak ??= readFileSync(new URL('./python/tell_peak.py', import.meta.url), 'utf8')
  return [...words, '-c', tellPeak]
}
