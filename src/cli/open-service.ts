import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { compilerPython } from '../compiler/compiler.ts'
import type { Config } from '../config.ts'
import { createSources } from '../experiment/sources/create-sources.ts'
import { type OpenedService, openDiagnoseService } from '../runs/open-service.ts'
import { compilerOf } from './compile.ts'
import { openSubject } from './subject.ts'

/** The tenant of the command line. */
export const localTenant = 'local'

/** The diagnose service as the operator configured it, for the command line and the bot. */
export async function openService(
  config: Config,
  options: { onStoreChange?: (state: 'away' | 'back', detail: string) => void } = {},
): Promise<OpenedService> {
  return openDiagnoseService({
    config,
    sources: createSources(config),
    compiler: hasCompiler(config) ? compilerOf(config) : null,
    openSubject: (subject, signal) => openSubject(subject, config, signal),
    ...options,
  })
}

/** Whether the compiler is switched on and installed. */
export function hasCompiler(config: Config): boolean {
  if (config.PROMPTS_COMPILER === 'off') return false
  return existsSync(compilerPython({ home: resolve(config.PROMPTS_HOME), python: config.PROMPTS_COMPILER_PYTHON ?? null }))
}
