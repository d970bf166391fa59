import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createFallbackLibrary } from '../../src/knowledge/fallback-library.ts'
import { pendingChanges } from '../../src/knowledge/pending-changes.ts'
import { createQdrantLibrary } from '../../src/knowledge/qdrant-library.ts'
import { workloadSignature } from '../../src/knowledge/signature.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { communicationReport, llamaExperiment, openTestService, requestFor, signal } from '../runs/service-fixture.ts'
import { blobsInMemory } from '../support/blobs-in-memory.ts'
import { lacks, needing } from '../support/needs.ts'
import { startQdrantBridge } from '../support/qdrant-server.ts'
import { caseEntry, llama70b } from './entries.ts'

describe.skipIf(lacks('qdrant-client'))(needing('Qdrant stopped in mid-run (over the bridge)', 'qdrant-client'), () => {
  it('answers from the embedded library, says so, and catches the server up when it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'prompts-qdrant-'))
    let server = await startQdrantBridge({ path: folder })
    const open = () => createQdrantLibrary({ url: server.url, embedding: null, timeoutMs: 30_000 })
    const states: string[] = []
    let clock = 0
    const library = createFallbackLibrary({
      primary: open(),
      embedded: createSqliteLibrary({ path: ':memory:' }),
      pending: pendingChanges(blobsInMemory({})),
      retryAfterMs: 10,
      now: () => clock,
      onChange: (state) => states.push(state),
    })
    const ask = () =>
      library.search({ kind: 'case', tenant: 'T1', text: '', signature: workloadSignature(llama70b), embedding: null, limit: 5 })
    await library.upsert([caseEntry('before', { tenant: 'T1' }), caseEntry('removed', { tenant: 'T1' })])
    expect((await ask()).answeredBy).toBe('qdrant')

    await server.stop()
    const answer = await ask()
    expect(answer.answeredBy).toBe('sqlite')
    expect(answer.hits.map((hit) => hit.item.id).sort()).toEqual(['before', 'removed'])
    await library.upsert([caseEntry('during', { tenant: 'T1' })])
    await library.remove({ kind: 'case', tenant: 'T1', ids: ['removed'] })
    expect(library.degraded()).toMatchObject({ waiting: 2 })
    expect((await ask()).hits.map((hit) => hit.item.id).sort()).toEqual(['before', 'during'])

    server = await startQdrantBridge({ path: folder, port: server.port })
    clock += 20
    const back = await ask()
    expect(back.answeredBy).toBe('qdrant')
    expect(back.hits.map((hit) => hit.item.id).sort()).toEqual(['before', 'during'])
    expect(library.degraded()).toBeNull()
    expect(states).toEqual(['away', 'back'])
    expect([...(await open().hashes({ kind: 'case', tenant: 'T1' })).keys()].sort()).toEqual(['before', 'during'])
    await library.close()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('a run that loses the server half-way completes on the embedded library and says so', async () => {
    const server = await startQdrantBridge()
    const library = createFallbackLibrary({
      primary: createQdrantLibrary({ url: server.url, embedding: null, timeoutMs: 30_000 }),
      embedded: createSqliteLibrary({ path: ':memory:' }),
      pending: pendingChanges(blobsInMemory({})),
    })
    await library.upsert([caseEntry('shipped', { item: { to: { data: 64 } } })])
    const test = await openTestService({
      shipped: false,
      deps: {
        library,
        readProfile: async () => {
          await server.stop()
          return { report: communicationReport, details: null }
        },
      },
    })
    const diagnosis = await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    expect(diagnosis.cards).toHaveLength(3)
    expect(diagnosis.cards.flatMap(({ evidence }) => evidence.map((one) => one.id))).toContain('shipped')
    expect(diagnosis.notes.join('\n')).toMatch(/Qdrant could not be reached: the embedded library answered/)
    await test.close()
    await library.close()
  })
})
