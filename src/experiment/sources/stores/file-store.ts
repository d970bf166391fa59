/** A file of a store: its path from the store's root with `/` between, and what tells one version of it from another. */
export interface StoredFile {
  path: string
  bytes: number
  version: string
  changedMs: number
}

export interface StoreListing {
  files: StoredFile[]
  /** Paths without a `/` at the end. */
  folders: string[]
  /** There was more than was asked for. */
  cut: boolean
  /** Links that lead out of the run's folder, which were not followed. */
  refused?: string[]
}

/** Where run folders lie: a folder of this machine or a bucket. Read only; paths never leave the root. */
export interface FileStore {
  /** As messages name it: `folder examples`, `bucket gs://team-runs/tpu`. */
  name: string
  /** A path's full address. */
  addressOf(path: string): string
  /** One level of a folder; `''` is the root. A folder that is not there is empty. */
  list(folder: string, limit: number, signal: AbortSignal): Promise<StoreListing>
  /** All files below a folder. */
  walk(folder: string, limit: number, signal: AbortSignal): Promise<StoredFile[]>
  /** The file's bytes; `head` bounds how many from its start. */
  read(path: string, signal: AbortSignal, head?: number): Promise<AsyncIterable<Uint8Array>>
  /** Where the path is on this machine, or null: then it must be fetched. */
  localPath(path: string): string | null
}

/** The text of a small file. @throws RangeError beyond `maxBytes` */
export async function readStoredText(store: FileStore, path: string, maxBytes: number, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of await store.read(path, signal)) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new RangeError(`${path} has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
