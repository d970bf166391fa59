import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { load as loadVectors } from 'sqlite-vec'
import { PromptsError } from '../errors.ts'
import { inTransaction, openSqlite, type SqliteStep } from '../layout/open-sqlite.ts'
import { fuseRanks } from './fusion.ts'
import type { Channel, EntryItems, EntryKind, Hit, Library, LibraryEntry, LibraryQuery } from './library.ts'
import { shippedTenant } from './library.ts'
import { wordsOf } from './words.ts'

const schema = `
create table if not exists entries (
  rowid integer primary key, kind text not null, tenant text not null, id text not null, hash text not null,
  status text, signature blob, embedding blob, item text not null, unique (kind, tenant, id)
) strict;
create index if not exists entries_by_tenant on entries (kind, tenant);
create virtual table if not exists words using fts5(tokens, tokenize = "unicode61 tokenchars '_'");
`
/** A file without a version is of the time before, which is the same. */
export const libraryFileSteps: readonly SqliteStep[] = [{ to: 1, run: (db) => db.exec(schema) }]

/** How many of each channel's best go into the fusion. */
const candidatesPerChannel = 50

interface Row {
  key: string
  distance: number | null
}

/**
 * The embedded library: cosine over the stored vectors by sqlite-vec, words by FTS5 with BM25, ranks fused as Qdrant fuses them.
 * `:memory:` keeps it in memory.
 */
export function createSqliteLibrary(options: { path: string; readOnly?: boolean; steps?: readonly SqliteStep[] }): Library {
  const db = open(options.path, { steps: options.steps ?? libraryFileSteps, readOnly: options.readOnly ?? false })

  const visible = 'kind = ? and tenant in (?, ?)'
  const statements = {
    find: db.prepare('select rowid from entries where kind = ? and tenant = ? and id = ?'),
    insert: db.prepare('insert into entries (kind, tenant, id, hash, status, signature, embedding, item) values (?, ?, ?, ?, ?, ?, ?, ?)'),
    drop: db.prepare('delete from entries where rowid = ?'),
    addWords: db.prepare('insert into words (rowid, tokens) values (?, ?)'),
    dropWords: db.prepare('delete from words where rowid = ?'),
    get: db.prepare(`select item from entries where ${visible} and id = ? order by tenant = ? desc limit 1`),
    list: db.prepare(`select item from entries where ${visible} order by id limit ?`),
    hashes: db.prepare('select id, hash from entries where kind = ? and tenant = ?'),
    bySignature: nearest('signature'),
    byText: nearest('embedding'),
    byWords: db.prepare(
      `select cast(e.rowid as text) as key, bm25(words) as distance from words join entries e on e.rowid = words.rowid
       where words match ? and e.kind = ? and e.tenant in (?, ?) and e.status is not 'withdrawn' order by distance, e.id limit ?`,
    ),
    item: db.prepare(`select item, tenant, signature from entries where rowid = ? and ${visible}`),
    similarity: db.prepare('select 1 - vec_distance_cosine(?, ?) as similarity'),
  }

  function nearest(column: 'signature' | 'embedding') {
    return db.prepare(
      `select cast(rowid as text) as key, vec_distance_cosine(${column}, ?) as distance from entries
       where ${visible} and status is not 'withdrawn' and length(${column}) = ? order by distance, id limit ?`,
    )
  }

  function drop(kind: EntryKind, tenant: string, id: string): void {
    const row = statements.find.get(kind, tenant, id) as { rowid: number } | undefined
    if (row === undefined) return
    statements.drop.run(row.rowid)
    statements.dropWords.run(row.rowid)
  }

  function insert(entry: LibraryEntry): void {
    const status = 'status' in entry.item ? entry.item.status : null
    const { lastInsertRowid } = statements.insert.run(
      entry.kind,
      entry.tenant,
      entry.id,
      entry.hash,
      status,
      entry.signature && toBlob(entry.signature),
      entry.embedding && toBlob(entry.embedding),
      JSON.stringify(entry.item),
    )
    statements.addWords.run(lastInsertRowid, wordsOf(entry.text).join(' '))
  }

  function rank(channel: Channel, query: LibraryQuery): string[] | null {
    const scope: SQLInputValue[] = [query.kind, shippedTenant, query.tenant]
    if (channel === 'sparse') {
      const words = [...new Set(wordsOf(query.text))].map((word) => `"${word}"`)
      if (words.length === 0) return null
      return keys(statements.byWords.all(words.join(' OR '), ...scope, candidatesPerChannel))
    }
    const vector = channel === 'signature' ? query.signature : query.embedding
    if (vector === null) return null
    const statement = channel === 'signature' ? statements.bySignature : statements.byText
    return keys(statement.all(toBlob(vector), ...scope, vector.length * 4, candidatesPerChannel))
  }

  function toHit<K extends EntryKind>(query: LibraryQuery<K>, rowid: string, score: number): Hit<K> {
    const row = statements.item.get(Number(rowid), query.kind, shippedTenant, query.tenant) as {
      item: string
      tenant: string
      signature: Uint8Array | null
    }
    const comparable = query.signature && row.signature && row.signature.byteLength === query.signature.length * 4
    const similarity = comparable
      ? (statements.similarity.get(toBlob(query.signature!), row.signature) as { similarity: number }).similarity
      : null
    return { item: JSON.parse(row.item) as EntryItems[K], tenant: row.tenant, score, similarity }
  }

  return {
    store: 'sqlite',
    async upsert(entries) {
      inTransaction(db, () => {
        for (const entry of entries) {
          drop(entry.kind, entry.tenant, entry.id)
          insert(entry)
        }
      })
    },
    async remove({ kind, tenant, ids }) {
      inTransaction(db, () => {
        for (const id of ids) drop(kind, tenant, id)
      })
    },
    async search(query) {
      const rankings = []
      for (const channel of query.channels ?? (['signature', 'text', 'sparse'] as const)) {
        const ranking = rank(channel, query)
        if (ranking && ranking.length > 0) rankings.push(ranking)
      }
      const fused = fuseRanks(rankings, query.limit)
      return { hits: fused.map(({ id, score }) => toHit(query, id, score)), answeredBy: 'sqlite' }
    },
    async get<K extends EntryKind>({ kind, tenant, id }: { kind: K; tenant: string; id: string }) {
      const row = statements.get.get(kind, shippedTenant, tenant, id, tenant) as { item: string } | undefined
      return row ? (JSON.parse(row.item) as EntryItems[K]) : null
    },
    async list<K extends EntryKind>({ kind, tenant, limit, own }: { kind: K; tenant: string; limit: number; own?: boolean }) {
      const rows = statements.list.all(kind, own ? tenant : shippedTenant, tenant, limit) as { item: string }[]
      return rows.map((row) => JSON.parse(row.item) as EntryItems[K])
    },
    async hashes({ kind, tenant }) {
      const rows = statements.hashes.all(kind, tenant) as { id: string; hash: string }[]
      return new Map(rows.map((row) => [row.id, row.hash]))
    },
    async close() {
      db.close()
    },
  }
}

function open(path: string, how: { steps: readonly SqliteStep[]; readOnly: boolean }): DatabaseSync {
  const prepare = (db: DatabaseSync) => {
    loadVectors(db)
    db.enableLoadExtension(false)
  }
  try {
    return openSqlite(path, { ...how, prepare, allowExtension: true })
  } catch (cause) {
    if (cause instanceof PromptsError) throw cause
    throw new PromptsError('unavailable', `The library ${path} cannot be opened.`, {
      hint: 'Remove the file and run `prompts index` to build it again, or set PROMPTS_HOME to a folder that can be written.',
      cause,
    })
  }
}

function keys(rows: unknown[]): string[] {
  return (rows as Row[]).map((row) => row.key)
}

function toBlob(vector: readonly number[]): Uint8Array {
  return new Uint8Array(new Float32Array(vector).buffer)
}
