import { createHash } from 'node:crypto'
import { QdrantClient } from '@qdrant/js-client-rest'
import { PromptsError } from '../errors.ts'
import { bestFusedScore } from './fusion.ts'
import type { EntryItems, EntryKind, Hit, Library, LibraryEntry, LibraryQuery } from './library.ts'
import { shippedTenant } from './library.ts'
import { cosine, signatureLength, signatureVersion } from './signature.ts'
import { sparseVector } from './words.ts'

/** How many of each channel's best go into the server's fusion. */
const candidatesPerChannel = 50
const pointsPerRequest = 128

export interface QdrantLibraryOptions {
  url: string
  apiKey?: string | undefined
  /** What the `text` vectors are made with; part of the collections' names, so another model gets collections of its own. */
  embedding: { name: string; dimensions: number } | null
  timeoutMs?: number
  /** Makes and mends no collection. */
  readOnly?: boolean
}

/** Older servers lack what is asked of them: fused queries and inverse document frequency (1.10), tenants as index (1.11). */
const oldestServer = { major: 1, minor: 11 }

/** Fields that every query filters by, and how each is indexed. */
const payloadIndexes = {
  tenant: { type: 'keyword', is_tenant: true },
  status: 'keyword',
  id: 'keyword',
} as const

interface Payload {
  tenant: string
  id: string
  hash: string
  status: string | null
  item: unknown
}

/**
 * The production library. Cases and documents each have a collection with named vectors `signature` and `text` and sparse words;
 * the server fuses the channels by reciprocal rank, and every query carries the tenant filter. Collections are made when first
 * needed.
 * @throws PromptsError `unavailable` when the server cannot be reached or refuses a call.
 */
export function createQdrantLibrary(options: QdrantLibraryOptions): Library {
  const client = new QdrantClient({
    url: options.url,
    ...(options.apiKey ? { apiKey: options.apiKey } : {}),
    timeout: options.timeoutMs ?? 5000,
    checkCompatibility: false,
  })
  const ready = new Map<EntryKind, Promise<string>>()

  function collection(kind: EntryKind): Promise<string> {
    let promise = ready.get(kind)
    if (promise === undefined) {
      promise = ensureCollection(client, kind, options)
      ready.set(kind, promise)
      promise.catch(() => ready.delete(kind))
    }
    return promise
  }

  async function call<T>(kind: EntryKind, work: (name: string) => Promise<T>): Promise<T> {
    try {
      return await work(await collection(kind))
    } catch (cause) {
      // a collection that vanished behind our back is made again by the next call
      ready.delete(kind)
      if (cause instanceof PromptsError) throw cause
      throw explain(cause)
    }
  }

  async function scrollAll(name: string, filter: object, limit: number): Promise<Payload[]> {
    const found: Payload[] = []
    let offset: unknown
    do {
      const page = await client.scroll(name, {
        filter,
        limit: Math.min(256, Math.max(1, limit - found.length)),
        with_payload: true,
        ...(offset === undefined ? {} : { offset: offset as string }),
      })
      for (const point of page.points) found.push(point.payload as unknown as Payload)
      offset = page.next_page_offset ?? undefined
    } while (offset !== undefined && found.length < limit)
    return found
  }

  return {
    store: 'qdrant',
    async upsert(entries) {
      for (const kind of ['case', 'doc'] as const) {
        const points = entries.filter((entry) => entry.kind === kind).map((entry) => toPoint(entry, options.embedding))
        for (let start = 0; start < points.length; start += pointsPerRequest) {
          await call(kind, (name) => client.upsert(name, { wait: true, points: points.slice(start, start + pointsPerRequest) }))
        }
      }
    },
    async remove({ kind, tenant, ids }) {
      if (ids.length === 0) return
      await call(kind, (name) => client.delete(name, { wait: true, points: ids.map((id) => pointId(kind, tenant, id)) }))
    },
    async search(query) {
      const prefetch = prefetchOf(query, options.embedding !== null)
      if (prefetch.length === 0) return { hits: [], answeredBy: 'qdrant' }
      const answer = await call(query.kind, (name) =>
        client.query(name, {
          prefetch,
          query: { fusion: 'rrf' },
          filter: visibleTo(query.tenant),
          limit: query.limit,
          with_payload: true,
          with_vector: query.signature && query.kind === 'case' ? ['signature'] : false,
        }),
      )
      const best = bestFusedScore(prefetch.length)
      return { hits: answer.points.map((point) => toHit(query, point, best)), answeredBy: 'qdrant' }
    },
    async get<K extends EntryKind>({ kind, tenant, id }: { kind: K; tenant: string; id: string }) {
      const filter = { must: [...visibleTo(tenant).must, { key: 'id', match: { value: id } }] }
      const found = await call(kind, (name) => scrollAll(name, filter, 2))
      const own = found.find((payload) => payload.tenant === tenant) ?? found[0]
      return own ? (own.item as EntryItems[K]) : null
    },
    async list<K extends EntryKind>({ kind, tenant, limit, own }: { kind: K; tenant: string; limit: number; own?: boolean }) {
      const found = await call(kind, (name) => scrollAll(name, own ? onlyOf(tenant) : visibleTo(tenant), Number.POSITIVE_INFINITY))
      found.sort((a, b) => (a.id < b.id ? -1 : 1))
      return found.slice(0, limit).map((payload) => payload.item as EntryItems[K])
    },
    async hashes({ kind, tenant }) {
      const found = await call(kind, (name) => scrollAll(name, onlyOf(tenant), Number.POSITIVE_INFINITY))
      return new Map(found.map((payload) => [payload.id, payload.hash]))
    },
    async close() {},
  }
}

/**
 * The collection of a kind, made where it is not there, its payload indexes where one is missing: who made it may have died
 * before them.
 */
async function ensureCollection(client: QdrantClient, kind: EntryKind, { embedding, readOnly }: QdrantLibraryOptions): Promise<string> {
  const model = embedding ? `-${embedding.name.replaceAll(/[^A-Za-z0-9-]/g, '-')}-${embedding.dimensions}` : ''
  const name = `prompts-${kind}s-s${signatureVersion}${model}`
  await checkVersion(client)
  const isThere = (await client.collectionExists(name)).exists
  if (!isThere && readOnly === true) {
    throw new PromptsError('unavailable', `Qdrant has no collection ${name} yet`, { hint: 'npx prompts index loads the library.' })
  }
  if (!isThere) {
    try {
      await client.createCollection(name, {
        vectors: {
          signature: { size: signatureLength, distance: 'Cosine' },
          ...(embedding ? { text: { size: embedding.dimensions, distance: 'Cosine' as const } } : {}),
        },
        sparse_vectors: { words: { modifier: 'idf' } },
      })
    } catch (error) {
      // another worker made it in the meantime
      if (!(await client.collectionExists(name)).exists) throw error
    }
  }
  const { config, payload_schema: indexed } = await client.getCollection(name)
  checkVectors(name, config.params, embedding)
  if (readOnly === true) return name
  for (const [field, schema] of Object.entries(payloadIndexes)) {
    if (indexed[field] === undefined) await client.createPayloadIndex(name, { field_name: field, field_schema: schema, wait: true })
  }
  return name
}

/** @throws PromptsError `unavailable` for a server of a version that lacks what is asked of it, or of another major version. */
async function checkVersion(client: QdrantClient): Promise<void> {
  // a server behind a proxy may not say it
  const { version } = await client.versionInfo().catch((error: unknown) => {
    if ((error as { status?: number }).status === 404) return { version: '' }
    throw error
  })
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? []
  if (major === undefined) return
  if (Number(major) === oldestServer.major && Number(minor) >= oldestServer.minor) return
  throw new PromptsError(
    'unavailable',
    `Qdrant is version ${version}; ${oldestServer.major}.${oldestServer.minor} or a later 1.x is needed`,
    {
      hint: 'compose.yaml names the version that this program was tried with.',
      retryable: false,
    },
  )
}

/** @throws PromptsError `unavailable` for a collection that was made with other vectors than these. */
function checkVectors(
  name: string,
  { vectors, sparse_vectors: sparse }: { vectors?: unknown; sparse_vectors?: unknown },
  embedding: QdrantLibraryOptions['embedding'],
): void {
  const sizes = Object.entries((vectors ?? {}) as Record<string, { size?: number }>).map(([vector, { size }]) => `${vector} ${size}`)
  const wanted = [`signature ${signatureLength}`, ...(embedding ? [`text ${embedding.dimensions}`] : [])]
  const missing = wanted.filter((one) => !sizes.includes(one))
  if (!Object.hasOwn((sparse ?? {}) as object, 'words')) missing.push('sparse words')
  if (missing.length === 0) return
  throw new PromptsError('unavailable', `Qdrant's collection ${name} lacks vectors: ${missing.join(', ')}; it has ${sizes.join(', ')}`, {
    hint: 'Delete that collection, then npx prompts index makes it again.',
  })
}

function visibleTo(tenant: string) {
  return { must: [{ key: 'tenant', match: { any: [shippedTenant, tenant] } }] }
}

function onlyOf(tenant: string) {
  return { must: [{ key: 'tenant', match: { value: tenant } }] }
}

function prefetchOf(query: LibraryQuery, hasText: boolean) {
  const wanted = query.channels ?? ['signature', 'text', 'sparse']
  const filter = { ...visibleTo(query.tenant), must_not: [{ key: 'status', match: { value: 'withdrawn' } }] }
  const common = { filter, limit: candidatesPerChannel }
  const prefetch = []
  if (wanted.includes('signature') && query.signature && query.kind === 'case') {
    prefetch.push({ ...common, query: query.signature, using: 'signature' })
  }
  if (wanted.includes('text') && query.embedding && hasText) prefetch.push({ ...common, query: query.embedding, using: 'text' })
  if (wanted.includes('sparse')) {
    const words = sparseVector(query.text, 'query')
    if (words.indices.length > 0) prefetch.push({ ...common, query: words, using: 'words' })
  }
  return prefetch
}

function toPoint(entry: LibraryEntry, embedding: QdrantLibraryOptions['embedding']) {
  return {
    id: pointId(entry.kind, entry.tenant, entry.id),
    vector: {
      ...(entry.signature ? { signature: entry.signature } : {}),
      ...(embedding && entry.embedding ? { text: entry.embedding } : {}),
      words: sparseVector(entry.text, 'entry'),
    },
    payload: {
      tenant: entry.tenant,
      id: entry.id,
      hash: entry.hash,
      status: 'status' in entry.item ? entry.item.status : null,
      item: entry.item as unknown as Record<string, unknown>,
    } satisfies Payload,
  }
}

function toHit<K extends EntryKind>(
  query: LibraryQuery<K>,
  point: { score: number; payload?: unknown; vector?: unknown },
  best: number,
): Hit<K> {
  const payload = point.payload as Payload
  const signature = (point.vector as { signature?: number[] } | null | undefined)?.signature
  return {
    item: payload.item as EntryItems[K],
    tenant: payload.tenant,
    score: point.score / best,
    similarity: query.signature && signature ? cosine(query.signature, signature) : null,
  }
}

/** A point's id: a UUID made of what identifies the entry, so that loading it again replaces it. */
function pointId(kind: EntryKind, tenant: string, id: string): string {
  const hex = createHash('sha256')
    .update(JSON.stringify([kind, tenant, id]))
    .digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

function explain(cause: unknown): PromptsError {
  const status = (cause as { status?: number }).status
  const reason = reasonOf(cause)
  if (status === 401 || status === 403) {
    return new PromptsError('unavailable', `Qdrant refuses the key: ${reason}`, { hint: 'Correct QDRANT_API_KEY.', cause })
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return new PromptsError('unavailable', `Qdrant refuses a call: ${reason}`, {
      hint: 'Its version may be another than this program was tried with (1.18).',
      cause,
      retryable: false,
    })
  }
  return new PromptsError('unavailable', `Qdrant did not answer: ${reason}`, { hint: 'Check that the server of QDRANT_URL runs.', cause })
}

function reasonOf(cause: unknown): string {
  const data = (cause as { data?: { status?: { error?: string } } }).data
  const reason = data?.status?.error ?? (cause instanceof Error ? cause.message : String(cause))
  return reason.split('\n')[0]!.slice(0, 300)
}
