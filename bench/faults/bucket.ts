import { ListObjectsV2Command } from '@aws-sdk/client-s3'
import { startS3Server } from '../../test/support/s3-server.ts'
import type { Stage } from './stage.ts'

interface Key {
  id: string
  secret: string
}

/** A bucket on an S3 server (moto) of its own. */
export interface Bucket {
  port: number
  /** Keeps runs in it. */
  env: Record<string, string>
  objects(): Promise<string[]>
  /** From now on only two keys may use it. */
  protect(): Promise<Key[]>
  revoke(key: Key): Promise<void>
  /** The server stands still, its connections open. */
  pause(): void
  resume(): void
}

export async function startBucket(stage: Stage): Promise<Bucket> {
  const server = await startS3Server('runs')
  stage.onClose(() => server.stop())
  const { client, endpoint: url, port } = server
  // IAM by its own protocol; moto takes whose call it is from the scope, and any signature while access is open
  const iam = async (action: string, more: Record<string, string> = {}) => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=admin/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0'
    const body = new URLSearchParams({ Action: action, Version: '2010-05-08', UserName: 'bot', ...more })
    return (await fetch(url, { method: 'POST', headers: { authorization }, body })).text()
  }
  const openFor = async (actions: number) => void (await fetch(`${url}/moto-api/reset-auth`, { method: 'POST', body: String(actions) }))
  return {
    port,
    env: { PROMPTS_RUNS: 's3://runs/bot', PROMPTS_S3_ENDPOINT: url, AWS_REGION: 'us-east-1' },
    objects: async () => (await client.send(new ListObjectsV2Command({ Bucket: 'runs' }))).Contents?.map(({ Key }) => Key ?? '') ?? [],
    async protect() {
      const allowed = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
      await iam('CreateUser')
      await iam('PutUserPolicy', { PolicyName: 'all', PolicyDocument: JSON.stringify(allowed) })
      const key = async () => {
        const xml = await iam('CreateAccessKey')
        const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(xml)?.[1] ?? ''
        return { id: field('AccessKeyId'), secret: field('SecretAccessKey') }
      }
      const made = [await key(), await key()]
      await openFor(0)
      return made
    },
    async revoke({ id }) {
      await openFor(1)
      await iam('DeleteAccessKey', { AccessKeyId: id })
    },
    pause: () => server.signal('SIGSTOP'),
    resume: () => server.signal('SIGCONT'),
  }
}
