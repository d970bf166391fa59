import type { Bucket, File } from '@google-cloud/storage'
import { PromptsError } from '../../../errors.ts'
import { bucketFailure } from './bucket-failure.ts'
import type { FileStore, StoredFile, StoreListing } from './file-store.ts'
import { readGcsObject } from './read-gcs-object.ts'
import { splitBucketAddress } from './split-bucket-address.ts'

export interface GcsOptions {
  /** `gs://bucket/prefix` */
  address: string
  /** Another endpoint that speaks the same protocol, from the operator's settings. */
  endpoint: string | null
}

const pageSize = 1000

/** A Google Cloud Storage bucket, read with the operator's own credentials. */
export function gcsStore({ address, endpoint }: GcsOptions): FileStore {
  const { bucket: bucketName, prefix } = splitBucketAddress(address, 'gs')
  const name = `bucket ${address}`
  let opened: Promise<Bucket> | null = null
  const bucket = () => {
    opened ??= openBucket(bucketName, endpoint)
    return opened
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof PromptsError) throw error
      throw bucketFailure(name, error, {
        status: Number((error as { code?: unknown }).code) || null,
        permission: 'storage.objects.list and storage.objects.get (the role Storage Object Viewer)',
        credentials: 'gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS',
      })
    }
  }
  const pages = async (query: { prefix: string; delimiter?: string }, limit: number, signal: AbortSignal): Promise<StoreListing> => {
    const listing: StoreListing = { files: [], folders: [], cut: false }
    let pageToken: string | undefined
    do {
      signal.throwIfAborted()
      const answer = await (await bucket()).getFiles({
        ...query,
        maxResults: Math.min(pageSize, limit + 1),
        autoPaginate: false,
        ...(pageToken === undefined ? {} : { pageToken }),
      })
      const reply = answer[2] as { prefixes?: string[]; nextPageToken?: string } | undefined
      for (const file of answer[0]) if (!file.name.endsWith('/')) listing.files.push(storedFile(file, prefix))
      for (const folder of reply?.prefixes ?? []) listing.folders.push(folder.slice(prefix.length).replace(/\/$/, ''))
      pageToken = reply?.nextPageToken || undefined
    } while (pageToken !== undefined && listing.files.length + listing.folders.length < limit)
    listing.cut = pageToken !== undefined
    return listing
  }
  return {
    name,
    addressOf: (path) => `gs://${bucketName}/${prefix}${path}`,
    localPath: () => null,
    list: (folder, limit, signal) =>
      guarded(() => pages({ prefix: folder === '' ? prefix : `${prefix}${folder}/`, delimiter: '/' }, limit, signal)),
    walk: (folder, limit, signal) =>
      guarded(async () => (await pages({ prefix: `${prefix}${folder}/` }, limit, signal)).files.slice(0, limit)),
    async read(path, signal, head) {
      try {
        return await guarded(async () => readGcsObject(await bucket(), `${prefix}${path}`, { signal, head }))
      } catch (error) {
        signal.throwIfAborted()
        throw error
      }
    },
  }
}

function storedFile(file: File, prefix: string): StoredFile {
  const { size, generation, updated } = file.metadata
  return {
    path: file.name.slice(prefix.length),
    bytes: Number(size ?? 0),
    version: `${size}-${generation ?? updated ?? ''}`,
    changedMs: Date.parse(String(updated ?? '')) || 0,
  }
}

async function openBucket(bucketName: string, endpoint: string | null): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage')
  const storage =
    endpoint === null
      ? new Storage({ retryOptions: { maxRetries: 3, totalTimeout: 60 } })
      : new Storage({ apiEndpoint: endpoint, projectId: 'prompts', retryOptions: { maxRetries: 1, totalTimeout: 20 } })
  return storage.bucket(bucketName)
}
