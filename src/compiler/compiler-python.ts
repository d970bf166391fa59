import { join } from 'node:path'

/** The Python that compiles: the operator's, or the one that setup:compiler installs under `home`. */
export function compilerPython({ home, python }: { home: string; python: string | null }): string {
  return python ?? join(home, 'compiler', 'bin', 'python')
}
