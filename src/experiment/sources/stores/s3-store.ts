import type { S3Client } from '@aws-sdk/client-s3'
import { PromptsError } from '../../../errors.ts'
import { bucketFailure } from './bucket-failure.ts'
import type { FileStore, StoreListing } from './file-store.ts'
import { splitBucketAddress } from './split-bucket-address.ts'

export interface S3Options {
  /** `s3://bucket/prefix` */
  address: string
  /** Another endpoint that speaks S3 (MinIO, Ceph), from the operator's settings; addressed by path. */
  endpoint: string | null
}

const pageSize = 1000
/** What an endpoint of one's own is told where AWS_REGION is not set; such servers do not care. */
const anyRegion = 'us-east-1'

/** A bucket that speaks S3, read with the credentials that AWS's own tools would take. */
export function s3Store({ address, endpoint }: S3Options): FileStore {
  const { bucket, prefix } = splitBucketAddress(address, 's3')
  const name = `bucket ${address}`
  let opened: Promise<S3Client> | null = null
  const client = () => {
    opened ??= openClient(endpoint)
    return opened
  }
  const guarded = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof PromptsError) throw error
      throw bucketFailure(name, error, {
        status: (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? null,
        permission: 's3:ListBucket and s3:GetObject',
        credentials: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or a role of the machine',
      })
    }
  }
  const pages = async (folder: string, delimiter: '/' | undefined, limit: number, signal: AbortSignal): Promise<StoreListing> => {
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
    const listing: StoreListing = { files: [], folders: [], cut: false }
    let token: string | undefined
    do {
      const command = new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: folder === '' ? prefix : `${prefix}${folder}/`,
        Delimiter: delimiter,
        MaxKeys: Math.min(pageSize, limit + 1),
        ContinuationToken: token,
      })
      const reply = await (await client()).send(command, { abortSignal: signal })
      for (const { Key: key, Size: size, ETag: etag, LastModified: changed } of reply.Contents ?? [])
        if (key !== undefined && !key.endsWith('/'))
          listing.files.push({
            path: key.slice(prefix.length),
            bytes: size ?? 0,
            version: `${size}-${etag ?? ''}`,
            changedMs: changed?.getTime() ?? 0,
          })
      for (const { Prefix: one } of reply.CommonPrefixes ?? [])
        if (one !== undefined) listing.folders.push(one.slice(prefix.length).replace(/\/$/, ''))
      token = reply.IsTruncated ? reply.NextContinuationToken : undefined
    } while (token !== undefined && listing.files.length + listing.folders.length < limit)
    listing.cut = token !== undefined
    return listing
  }
  return {
    name,
    addressOf: (path) => `s3://${bucket}/${prefix}${path}`,
    localPath: () => null,
    list: (folder, limit, signal) => guarded(() => pages(folder, '/', limit, signal), signal),
    walk: (folder, limit, signal) => guarded(async () => (await pages(folder, undefined, limit, signal)).files.slice(0, limit), signal),
    read: (path, signal, head) =>
      guarded(async () => {
        const { GetObjectCommand } = await import('@aws-sdk/client-s3')
        const command = new GetObjectCommand({
          Bucket: bucket,
          Key: `${prefix}${path}`,
          ...(head === undefined ? {} : { Range: `bytes=0-${head - 1}` }),
        })
        const reply = await (await client()).send(command, { abortSignal: signal })
        return (reply.Body ?? []) as AsyncIterable<Uint8Array>
      }, signal),
  }
}

async function openClient(endpoint: string | null): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3')
  return new S3Client({
    maxAttempts: 3,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true, region: anyRegion }),
  })
}
