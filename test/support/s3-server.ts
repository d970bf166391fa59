import { dirname, join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { findProgram, projectRoot } from './needs.ts'
import { answers, freePort, type RunningServer, startServer } from './start-server.ts'

/** An S3 server with one bucket. */
export interface S3Server extends RunningServer {
  endpoint: string
  client: S3Client
}

/** Starts moto, one request after the other, and makes the bucket; sets keys for clients of this process where none are set. */
export async function startS3Server(bucket: string): Promise<S3Server> {
  process.env['AWS_ACCESS_KEY_ID'] ??= 'test'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'test'
  const port = await freePort()
  const python = join(dirname(findProgram('moto_server')!), 'python')
  const command = [python, join(projectRoot, 'test/support/moto-in-turn.py'), String(port)]
  const server = await startServer({ command, port, ready: (p) => answers(`http://127.0.0.1:${p}/moto-api/`), deadlineMs: 60_000 })
  const endpoint = `http://127.0.0.1:${port}`
  const client = new S3Client({ endpoint, forcePathStyle: true, region: 'us-east-1' })
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  return {
    ...server,
    ...{ endpoint, client },
    async stop() {
      client.destroy()
      await server.stop()
    },
  }
}
