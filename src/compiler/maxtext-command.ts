import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

let tellPeak: string | undefined

/**
 * The operator's command as it is run: `python -m MODULE …` becomes the same module under `maxtext/tell_peak.py`, given as text so that it works
 * in a container too, which tells the versions and the compiler's peak. Words before `python` (`docker run IMAGE`, `env NAME=value`) stay; a
 * command of another kind is run as it is, and its verdict has the sum of the memory's parts instead of the peak.
 */
export function tellingCommand(command: readonly string[]): string[] {
  const python = command.findIndex((word) => /^python[\d.]*$/.test(basename(word)))
  const flag = command.indexOf('-m', python)
  const module = command[flag + 1]
  if (python < 0 || flag < 0 || module === undefined || !command.slice(python + 1, flag).every((word) => word.startsWith('-')))
    return [...command]
  tellPeak ??= readFileSync(new URL('./maxtext/tell_peak.py', import.meta.url), 'utf8')
  return [...command.slice(0, flag), '-c', tellPeak, module, ...command.slice(flag + 2)]
}
