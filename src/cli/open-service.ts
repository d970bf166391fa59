import { chmod, mkdir } from 'node:fs/promises'
import type { Config } from '../config.ts'
import { createRunFinder, type RunFinder } from '../experiment/find/run-finder.ts'
import { sliceTable } from '../knowledge/data/slice-table.ts'
import { type OpenedService, openDiagnoseService } from '../runs/open-service.ts'
import { type HeavyWork, heavyWorkOfCommand } from '../threads/heavy-work.ts'
import { compilerOf } from './compile.ts'
import { hasCompiler } from './has-compiler.ts'

/** The tenant of the command line. */
export const localTenant = 'local'

/** The diagnose service as the operator configured it, for the command line and the bot. */
export async function openService(
  config: Config,
  options: {
    onStoreChange?: (state: 'away' | 'back', detail: string) => void
    onRefused?: (what: string, reason: string) => void
    finder?: RunFinder
    mayKnow?: (channel: string, id: string) => boolean
    heavy?: HeavyWork
  } = {},
): Promise<OpenedService> {
  await closeToOthers(config.PROMPTS_HOME)
  return openDiagnoseService({
    config,
    finder: createRunFinder(config, sliceTable),
    compiler: hasCompiler(config) ? compilerOf(config) : null,
    heavy: heavyWorkOfCommand(),
    ...options,
  })
}

/** Files of an earlier version may be readable by others: their folder no longer lets others in. */
async function closeToOthers(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700).catch(() => {})
}
