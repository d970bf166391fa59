/** Named texts in object storage: written whole, read back as they were written. Keys are paths with `/`. */
export interface BlobStore {
  /** For messages: where it is, without secrets. */
  readonly name: string
  get(key: string): Promise<string | null>
  put(key: string, text: string): Promise<void>
  /** False where there is one already; of several writers at once one alone gets true. */
  putIfAbsent(key: string, text: string): Promise<boolean>
  /** Keys with this prefix in ascending order. */
  list(prefix: string, limit: number): Promise<string[]>
  delete(keys: readonly string[]): Promise<void>
}
