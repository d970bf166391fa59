import { text } from 'node:stream/consumers'
import type { Bucket } from '@google-cloud/storage'
import { readGcsObject } from '../../experiment/sources/stores/read-gcs-object.ts'
import type { BlobStore } from './blob-store.ts'
import { unavailable } from './s3-blobs.ts'

/** An object of a run is small: one that has not come by then does not come. */
const readMs = 60_000

/**
 * A Google Cloud Storage bucket, with the credentials that Google's own tools would take.
 * @throws PromptsError `unavailable` for what the bucket refuses or does not answer.
 */
export function gcsBlobs({ bucket: bucketName, prefix, endpoint }: { bucket: string; prefix: string; endpoint: string | null }): BlobStore {
  const name = `gs://${bucketName}/${prefix}`
  let opened: Promise<Bucket> | null = null
  const bucket = () => {
    opened ??= import('@google-cloud/storage').then(({ Storage }) =>
      new Storage(endpoint === null ? {} : { apiEndpoint: endpoint, projectId: 'prompts' }).bucket(bucketName),
    )
    return opened
  }
  const statusOf = (error: unknown) => Number((error as { code?: unknown }).code) || null
  const guarded = async <T>(work: (open: Bucket) => Promise<T>): Promise<T> => {
    try {
      return await work(await bucket())
    } catch (error) {
      throw unavailable(name, error, statusOf(error))
    }
  }
  const file = (open: Bucket, key: string) => open.file(`${prefix}${key}`)
  const written = { resumable: false, contentType: 'application/json' }

  return {
    name,
    get: (key) =>
      guarded(async (open) => {
        try {
          return await text(await readGcsObject(open, `${prefix}${key}`, { signal: AbortSignal.timeout(readMs) }))
        } catch (error) {
          if (statusOf(error) === 404) return null
          throw error
        }
      }),
    put: (key, value) => guarded((open) => file(open, key).save(value, written)),
    putIfAbsent: (key, value) =>
      guarded(async (open) => {
        try {
          await file(open, key).save(value, { ...written, preconditionOpts: { ifGenerationMatch: 0 } })
          return true
        } catch (error) {
          if (statusOf(error) === 412) return false
          throw error
        }
      }),
    list: (under, limit) =>
      guarded(async (open) => {
        const [files] = await open.getFiles({ prefix: `${prefix}${under}`, maxResults: limit })
        return files.map((one) => one.name.slice(prefix.length)).sort()
      }),
    delete: (keys) =>
      guarded(async (open) => {
        await Promise.all(keys.map((key) => file(open, key).delete({ ignoreNotFound: true })))
      }),
  }
}
