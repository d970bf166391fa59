import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './needs.ts'
import { answers, freePort, type RunningServer, startServer } from './start-server.ts'

/**
 * Starts fake-gcs-server over a folder of its own: each folder below `data` is a bucket, with what lies in it before the start.
 */
export async function startGcsServer(root: string): Promise<RunningServer & { endpoint: string }> {
  mkdirSync(join(root, 'data'), { recursive: true })
  const port = await freePort()
  const where = ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-public-host', `127.0.0.1:${port}`]
  const command = [findProgram('fake-gcs-server')!, ...where, '-data', join(root, 'data'), '-filesystem-root', join(root, 'storage')]
  const server = await startServer({ command, port, ready: (p) => answers(`http://127.0.0.1:${p}/storage/v1/b`) })
  return { ...server, endpoint: `http://127.0.0.1:${port}` }
}
