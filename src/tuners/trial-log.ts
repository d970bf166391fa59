import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { PromptsError } from '../errors.ts'
import { readJson } from '../text/json.ts'
import { type Trial, trialSchema } from './trial.ts'

/**
 * The trials of a search, oldest first; a line that a crash cut off is dropped.
 * @throws PromptsError `bad_log` for JSON that is no trial.
 */
export function readTrials(path: string): Trial[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.flatMap((line, at) => {
    const value = readJson(line)
    if (value === undefined) return []
    const parsed = trialSchema.safeParse(value)
    if (parsed.success) return [parsed.data]
    throw new PromptsError('bad_log', `${path}, line ${at + 1} is no trial`, { hint: 'Move the file away to begin the search again.' })
  })
}

/** Adds a trial, on a line of its own even after a line that was cut off. */
export function appendTrial(path: string, trial: Trial): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const torn = existsSync(path) && !/(?:^|\n)$/.test(readFileSync(path, 'utf8'))
  appendFileSync(path, `${torn ? '\n' : ''}${JSON.stringify(trialSchema.parse(trial))}\n`)
}
