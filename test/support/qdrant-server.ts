import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findPython, projectRoot } from './needs.ts'

export interface QdrantServer {
  url: string
  port: number
  /** What answers: a real server, or the bridge to local mode. */
  kind: 'server' | 'bridge'
  stop(): Promise<void>
}

/** The bridge of qdrant-bridge.py on a port of its own; with a folder its collections survive a stop. */
export async function startQdrantBridge(
  options: { path?: string; port?: number; apiKey?: string; engine?: boolean } = {},
): Promise<QdrantServer> {
  const python = findPython('qdrant-client')
  if (python === null) throw new Error('qdrant-client is not installed: npm run setup:test-servers')
  const script = join(projectRoot, 'test/support/qdrant-bridge.py')
  const args = [
    ...[script, ...(options.path ? ['--path', options.path] : []), ...(options.port ? ['--port', String(options.port)] : [])],
    ...(options.apiKey ? ['--api-key', options.apiKey] : []),
    ...(options.engine ? ['--engine'] : []),
  ]
  const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await listening(child)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    kind: 'bridge',
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

async function listening(child: ChildProcess): Promise<number> {
  const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000)
  try {
    for await (const line of createInterface({ input: child.stdout! })) {
      const match = /^listening (\d+)$/.exec(line)
      if (match) return Number(match[1])
    }
    throw new Error('the bridge ended before it listened')
  } finally {
    clearTimeout(deadline)
  }
}

/** The server of QDRANT_URL where one is given, the bridge otherwise. */
export async function startQdrant(): Promise<QdrantServer> {
  const url = process.env.QDRANT_URL
  if (url) return { url, port: Number(new URL(url).port), kind: 'server', async stop() {} }
  return startQdrantBridge()
}
