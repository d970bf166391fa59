import type { S3Client } from '@aws-sdk/client-s3'
import { asPromptsError, PromptsError } from '../../errors.ts'
import type { BlobStore } from './blob-store.ts'

const requestMs = 20_000
/** What an endpoint of one's own is told where AWS_REGION is not set; such servers do not care. */
const anyRegion = 'us-east-1'
const deletesPerRequest = 500

/**
 * A bucket that speaks S3, with the credentials that AWS's own tools would take. The server must know conditional writes
 * (`If-None-Match`).
 * @throws PromptsError `unavailable` for what the bucket refuses or does not answer.
 */
export function s3Blobs({ bucket, prefix, endpoint }: { bucket: string; prefix: string; endpoint: string | null }): BlobStore {
  const name = `s3://${bucket}/${prefix}`
  const region = endpoint === null ? {} : { endpoint, forcePathStyle: true, region: anyRegion }
  let opened: Promise<{ client: S3Client; sdk: typeof import('@aws-sdk/client-s3') }> | null = null
  const open = () => {
    opened ??= import('@aws-sdk/client-s3').then((sdk) => ({ sdk, client: new sdk.S3Client({ maxAttempts: 4, ...region }) }))
    return opened
  }
  const statusOf = (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? null
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw unavailable(name, error, statusOf(error))
    }
  }
  const abortSignal = () => ({ abortSignal: AbortSignal.timeout(requestMs) })
  const at = (key: string) => ({ Bucket: bucket, Key: `${prefix}${key}` })

  return {
    name,
    get: (key) =>
      guarded(async () => {
        const { client, sdk } = await open()
        try {
          const answer = await client.send(new sdk.GetObjectCommand(at(key)), abortSignal())
          return (await answer.Body?.transformToString()) ?? ''
        } catch (error) {
          if ((error as Error).name === 'NoSuchKey') return null
          throw error
        }
      }),
    put: (key, text) =>
      guarded(async () => {
        const { client, sdk } = await open()
        await client.send(new sdk.PutObjectCommand({ ...at(key), Body: text, ContentType: 'application/json' }), abortSignal())
      }),
    putIfAbsent: (key, text) =>
      guarded(async () => {
        const { client, sdk } = await open()
        try {
          const command = new sdk.PutObjectCommand({ ...at(key), Body: text, ContentType: 'application/json', IfNoneMatch: '*' })
          await client.send(command, abortSignal())
          return true
        } catch (error) {
          // 412: it is there; 409: another writes it in this moment
          if (statusOf(error) === 412 || statusOf(error) === 409) return false
          throw error
        }
      }),
    list: (under, limit) =>
      guarded(async () => {
        const { client, sdk } = await open()
        const keys: string[] = []
        let token: string | undefined
        do {
          const command = new sdk.ListObjectsV2Command({
            ...{ Bucket: bucket, Prefix: `${prefix}${under}`, MaxKeys: Math.min(1000, limit - keys.length) },
            ContinuationToken: token,
          })
          const answer = await client.send(command, abortSignal())
          for (const { Key: key } of answer.Contents ?? []) if (key !== undefined) keys.push(key.slice(prefix.length))
          token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined
        } while (token !== undefined && keys.length < limit)
        return keys
      }),
    delete: (keys) =>
      guarded(async () => {
        const { client, sdk } = await open()
        for (let start = 0; start < keys.length; start += deletesPerRequest) {
          const objects = keys.slice(start, start + deletesPerRequest).map((key) => ({ Key: `${prefix}${key}` }))
          await client.send(new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }), abortSignal())
        }
      }),
  }
}

/** What a bucket's client threw, in words that say which bucket and what to do. */
export function unavailable(name: string, error: unknown, status: number | null): PromptsError {
  if (error instanceof PromptsError) return asPromptsError(error)
  const message = ((error as Error).message ?? String(error)).split('\n')[0]!.slice(0, 200)
  const why =
    status === 403 || status === 401 ? 'refuses these credentials' : status === 404 ? 'does not exist' : `does not answer: ${message}`
  return new PromptsError('unavailable', `The store of runs, ${name}, ${why}`, {
    hint: 'Check PROMPTS_RUNS, the endpoint where one is set, and the credentials of this process.',
    cause: error,
  })
}
