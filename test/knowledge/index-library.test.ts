import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GoogleGenAI } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { createGeminiEmbedder, type Embedder } from '../../src/knowledge/embeddings.ts'
import { indexLibrary } from '../../src/knowledge/index-library.ts'
import { toUnitLength } from '../../src/knowledge/signature.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { caseEntry, docEntry } from './entries.ts'

const signal = new AbortController().signal

function countingEmbedder(name = 'one'): Embedder & { texts: string[] } {
  const texts: string[] = []
  return {
    name,
    dimensions: 2,
    texts,
    async embed(wanted) {
      texts.push(...wanted)
      return wanted.map((text) => toUnitLength([text.length, 1]))
    },
  }
}

describe('index', () => {
  it("adds what is new, replaces what changed, removes what vanished, and leaves a tenant's own alone", async () => {
    const library = createSqliteLibrary({ path: ':memory:' })
    await library.upsert([caseEntry('own', { tenant: 'T1' })])
    const first = [caseEntry('a'), caseEntry('b'), docEntry('d', 'D', 'text')]
    expect(await indexLibrary(library, first, { embedder: null, signal })).toEqual({ added: 3, updated: 0, removed: 0, unchanged: 0 })
    const second = [caseEntry('a'), caseEntry('b', { hash: 'changed', item: { experiment: 'new' } }), caseEntry('c')]
    expect(await indexLibrary(library, second, { embedder: null, signal })).toEqual({ added: 1, updated: 1, removed: 1, unchanged: 1 })
    expect((await library.list({ kind: 'case', tenant: 'T1', limit: 9 })).map((item) => item.id)).toEqual(['a', 'b', 'c', 'own'])
    expect((await library.get({ kind: 'case', tenant: 'T1', id: 'b' }))?.experiment).toBe('new')
    expect(await library.list({ kind: 'doc', tenant: 'T1', limit: 9 })).toEqual([])
  })

  it('embeds only what changed, all of it again for another model, and keeps embeddings when loaded without a model', async () => {
    const library = createSqliteLibrary({ path: ':memory:' })
    const entries = [docEntry('a', 'A', 'alpha'), docEntry('b', 'B', 'beta')]
    const one = countingEmbedder()
    const progress: number[] = []
    await indexLibrary(library, entries, { embedder: one, signal, onProgress: ({ done, total }) => progress.push(done, total) })
    await indexLibrary(library, entries, { embedder: one, signal })
    expect(one.texts).toHaveLength(2)
    expect(progress).toEqual([2, 2])
    expect(await indexLibrary(library, entries, { embedder: null, signal })).toMatchObject({ unchanged: 2 })
    const two = countingEmbedder('two')
    expect(await indexLibrary(library, entries, { embedder: two, signal })).toMatchObject({ updated: 2 })
    expect(two.texts).toHaveLength(2)
  })
})

describe('Gemini embeddings', () => {
  async function server(
    answer: (path: string, body: { requests: Record<string, unknown>[] }, call: number) => { status: number; body: unknown },
  ) {
    const seen: { path: string; body: { requests: Record<string, unknown>[] } }[] = []
    const http = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        const body = JSON.parse(text)
        seen.push({ path: request.url ?? '', body })
        const { status, body: reply } = answer(request.url ?? '', body, seen.length)
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(reply))
      })
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
    const client = new GoogleGenAI({ apiKey: 'test', httpOptions: { baseUrl: url } })
    return { client, seen, close: () => new Promise((resolve) => http.close(resolve)) }
  }
  const vector = (seed: number) => Array.from({ length: 768 }, (_, i) => (i === 0 ? seed : 1))
  const good = (_path: string, body: { requests: unknown[] }) => ({
    status: 200,
    body: { embeddings: body.requests.map((_, i) => ({ values: vector(i) })) },
  })

  it('asks gemini-embedding-001 in batches with a task type, and makes the vectors of unit length', async () => {
    const { client, seen, close } = await server(good)
    const embedder = createGeminiEmbedder({ client, model: 'gemini-embedding-001', vertex: false })
    const vectors = await embedder.embed(
      Array.from({ length: 100 }, (_, i) => `text ${i}`),
      'entry',
      signal,
    )
    await close()
    expect(vectors).toHaveLength(100)
    expect(Math.hypot(...vectors[7]!)).toBeCloseTo(1, 6)
    expect(seen.map((one) => one.body.requests.length).sort()).toEqual([36, 64])
    expect(seen[0]!.path).toContain('gemini-embedding-001:batchEmbedContents')
    expect(seen[0]!.body.requests[0]).toMatchObject({ taskType: 'RETRIEVAL_DOCUMENT', outputDimensionality: 768 })
  })

  it('asks gemini-embedding-2 one text a request, the task in words before it', async () => {
    const { client, seen, close } = await server(good)
    const embedder = createGeminiEmbedder({ client, model: 'gemini-embedding-2', vertex: false })
    await embedder.embed(['when does tensor parallelism pay'], 'query', signal)
    await close()
    const sent = JSON.stringify(seen[0]!.body)
    expect(sent).toContain('task: search result | query: when does')
    expect(sent).not.toContain('taskType')
  })

  it('tries again on 429, and gives up on 400 with what the server said', async () => {
    const flaky = await server((path, body, call) =>
      call < 3 ? { status: 429, body: { error: { code: 429, message: 'slow down' } } } : good(path, body),
    )
    const embedder = createGeminiEmbedder({ client: flaky.client, model: 'gemini-embedding-001', vertex: false, firstWaitMs: 1 })
    expect(await embedder.embed(['a'], 'query', signal)).toHaveLength(1)
    expect(flaky.seen).toHaveLength(3)
    await flaky.close()
    const broken = await server(() => ({ status: 400, body: { error: { code: 400, message: 'bad key' } } }))
    const other = createGeminiEmbedder({ client: broken.client, model: 'gemini-embedding-001', vertex: false, firstWaitMs: 1 })
    await expect(other.embed(['a'], 'query', signal)).rejects.toMatchObject({ code: 'unavailable' })
    expect(broken.seen).toHaveLength(1)
    await broken.close()
  })
})
