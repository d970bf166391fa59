import type { BlobStore } from '../../src/runs/memory/blob-store.ts'

/** Object storage that holds these to begin with. */
export function blobsInMemory(objects: Readonly<Record<string, string>>): BlobStore {
  const held = new Map(Object.entries(objects))
  return {
    name: 'memory',
    get: async (key) => held.get(key) ?? null,
    put: async (key, text) => void held.set(key, text),
    async putIfAbsent(key, text) {
      if (held.has(key)) return false
      held.set(key, text)
      return true
    },
    list: async (prefix, limit) =>
      [...held.keys()]
        .filter((key) => key.startsWith(prefix))
        .sort()
        .slice(0, limit),
    async delete(keys) {
      for (const key of keys) held.delete(key)
    },
  }
}
