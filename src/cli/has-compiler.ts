import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { compilerPython } from '../compiler/compiler-python.ts'
import type { Config } from '../config.ts'

/** Whether the compiler is switched on and installed. */
export function hasCompiler(config: Config): boolean {
  if (config.PROMPTS_COMPILER === 'off') return false
  return existsSync(compilerPython({ home: resolve(config.PROMPTS_HOME), python: config.PROMPTS_COMPILER_PYTHON ?? null }))
}
