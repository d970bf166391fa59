import { parseAllDocuments } from 'yaml'
import type { SliceAnswer } from '../../run-folder/run-draft.ts'
import { type FileStore, readStoredText, type StoredFile } from '../stores/file-store.ts'
import { jobSetSchema, sliceOfJobSet } from './read-jobset.ts'

const maxManifestBytes = 2 ** 20
const maxDocuments = 50

/** The slice that a JobSet's manifest beside a run asks for; null where there is none, or none that can be read. */
export async function sliceOfManifests(store: FileStore, files: readonly StoredFile[], signal: AbortSignal): Promise<SliceAnswer | null> {
  for (const file of files) {
    if (file.bytes > maxManifestBytes) continue
    for (const data of documentsOf(await readStoredText(store, file.path, maxManifestBytes, signal))) {
      const parsed = jobSetSchema.safeParse(data)
      const slice = parsed.success ? sliceOfJobSet(parsed.data) : null
      if (slice !== null) return slice
    }
  }
  return null
}

function documentsOf(text: string): unknown[] {
  try {
    const documents = parseAllDocuments(text, { maxAliasCount: 0, logLevel: 'silent' } as never)
    return documents.slice(0, maxDocuments).map((document) => ('toJS' in document ? document.toJS({ maxAliasCount: 0 }) : null))
  } catch {
    return []
  }
}
