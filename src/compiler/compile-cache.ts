import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { partPath } from '../files/part-path.ts'
import { canonicalHash } from '../text/canonical-json.ts'
import { readJsonAs } from '../text/json.ts'
import type { CompileRequest } from './protocol.ts'
import { type CompileResponse, compileResponseSchema } from './protocol.ts'

/** Results on disk, keyed by everything that decides them: the request (but for where its module goes) and the versions. */
export interface CompileCache {
  key(request: CompileRequest, versions: Record<string, string>): string
  hloPath(key: string): string
  get(key: string): Promise<CompileResponse | null>
  put(key: string, response: CompileResponse): Promise<void>
}

/** Keeps at most `limit` results with their modules (some 0.2 MB each) in a folder, the least recently used go first. */
export function createCompileCache(folder: string, limit = 1000): CompileCache {
  const file = (key: string) => join(folder, `${key}.json`)
  const hloPath = (key: string) => join(folder, `${key}.hlo.pb.gz`)
  return {
    key: (request, versions) => canonicalHash({ ...request, hlo_path: null, versions }, 32),
    hloPath,
    async get(key) {
      const text = await readFile(file(key), 'utf8').catch(() => null)
      if (text === null) return null
      const response = readJsonAs(compileResponseSchema, text)
      if (response !== null) await utimes(file(key), new Date(), new Date()).catch(() => {})
      return response
    },
    async put(key, response) {
      await mkdir(folder, { recursive: true })
      const part = partPath(file(key))
      await writeFile(part, JSON.stringify(response))
      await rename(part, file(key))
      await shrink(folder, limit)
    },
  }
}

async function shrink(folder: string, limit: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  if (names.length <= limit) return
  const aged = await Promise.all(
    names.map(async (name) => ({ name, used: (await stat(join(folder, name)).catch(() => null))?.mtimeMs ?? 0 })),
  )
  aged.sort((a, b) => a.used - b.used)
  for (const { name } of aged.slice(0, names.length - limit)) {
    await rm(join(folder, name), { force: true })
    await rm(join(folder, name.replace(/\.json$/, '.hlo.pb.gz')), { force: true })
  }
}
