import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { PromptsError } from '../errors.ts'
import { openTuner, type TunerProcess } from '../tuners/tuner-process.ts'

type Home = Pick<Config, 'PROMPTS_HOME'>

/** Whether `npm run setup:tuners` has put google-vizier and Optuna into the project. */
export function hasTuners(config: Home): boolean {
  return existsSync(pythonOf(config))
}

/** Starts the installed tuners. @throws PromptsError `unavailable` where there are none; `otherwise` says what does without. */
export function openInstalledTuner(config: Home, otherwise = ''): TunerProcess {
  if (hasTuners(config)) return openTuner({ python: pythonOf(config), cache: join(homeOf(config), 'cache') })
  throw new PromptsError('unavailable', 'The tuners are not installed', {
    hint: `npm run setup:tuners installs google-vizier and Optuna${otherwise}.`,
  })
}

function pythonOf(config: Home): string {
  return join(homeOf(config), 'bin/python')
}

function homeOf({ PROMPTS_HOME }: Home): string {
  return join(resolve(PROMPTS_HOME), 'tuners')
}
