import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url))
/** The data that lies beside a checkout, in `../shared/data`. */
export const sharedData = join(projectRoot, '..', 'shared', 'data')

export type Need =
  | 'shared'
  | 'redis-server'
  | 'python'
  | 'jax'
  | 'xprof'
  | 'qdrant-client'
  | 'qdrant-edge'
  | 'mlflow'
  | 'mlflow-auth'
  | 'moto'
  | 'fake-gcs-server'
  | 'chromium'
  | 'kubernetes-validate'
  | 'promtool'
  | 'grafana-foundation-sdk'

const toolFolder = (name: string) => join(projectRoot, '.prompts', name, 'bin')

/** Python with a package, or null: the setting's first, then what `npm run setup:…` installed, then the machine's. */
export function findPython(
  need: 'jax' | 'xprof' | 'qdrant-client' | 'qdrant-edge' | 'mlflow' | 'mlflow-auth' | 'grafana-foundation-sdk' | 'python',
): string | null {
  const modules = {
    jax: 'jax',
    xprof: 'xprof',
    'qdrant-client': 'qdrant_client',
    'qdrant-edge': 'qdrant_edge',
    mlflow: 'mlflow',
    'mlflow-auth': 'flask_wtf',
    'grafana-foundation-sdk': 'grafana_foundation_sdk',
    python: 'json',
  }
  const server = 'test-servers'
  const servers = {
    'qdrant-client': server,
    'qdrant-edge': server,
    mlflow: server,
    'mlflow-auth': server,
    'grafana-foundation-sdk': server,
  }
  const folders = { jax: 'compiler', xprof: 'xprof', python: 'compiler', ...servers }
  const candidates = [
    need === 'xprof' ? process.env.PROMPTS_XPROF_PYTHON : process.env.PROMPTS_PYTHON,
    join(toolFolder(folders[need]), 'python'),
    'python3',
  ]
  for (const python of candidates) {
    if (python === undefined) continue
    const found = spawnSync(python, ['-c', `import importlib.util,sys; sys.exit(importlib.util.find_spec("${modules[need]}") is None)`], {
      timeout: 60_000,
    })
    if (found.status === 0) return python
  }
  return null
}

/** A program on the PATH or in the project's own folder of test servers, or null. */
export function findProgram(name: string): string | null {
  for (const folder of [toolFolder('test-servers'), ...(process.env.PATH ?? '').split(':')]) {
    if (existsSync(join(folder, name))) return join(folder, name)
  }
  return null
}

const found = new Map<Need, boolean>()

/** Whether what a test needs is here. */
export function has(need: Need): boolean {
  let answer = found.get(need)
  if (answer === undefined) {
    answer = look(need)
    found.set(need, answer)
  }
  return answer
}

function look(need: Need): boolean {
  switch (need) {
    case 'shared':
      return existsSync(join(sharedData, 'measured.tsv'))
    case 'redis-server':
    case 'fake-gcs-server':
    case 'kubernetes-validate':
    case 'promtool':
    case 'moto':
    case 'chromium':
      return findProgram(need === 'moto' ? 'moto_server' : need) !== null
    default:
      return findPython(need) !== null
  }
}

/** For `describe.skipIf(lacks('jax'))`: true where something is missing. */
export function lacks(...needs: Need[]): boolean {
  const missing = needs.filter((need) => !has(need))
  return missing.length > 0
}

/**
 * Puts what is missing into a test's name, so that the report of a bare clone lists each test that it leaves out with what it
 * lacks.
 */
export function needing(name: string, ...needs: Need[]): string {
  const missing = needs.filter((need) => !has(need))
  return missing.length > 0 ? `${name} (left out: needs ${missing.join(', ')})` : name
}
