import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { EntryKind, Library, LibraryQuery } from '../../src/knowledge/library.ts'
import { shippedTenant } from '../../src/knowledge/library.ts'
import { workloadSignature } from '../../src/knowledge/signature.ts'
import { caseEntry, docEntry, llama70b } from './entries.ts'

/** What every store must do; `open` gives a library with text vectors of 4 dimensions. */
export function describeLibrary(
  name: string,
  open: () => Promise<{ library: Library; close: () => Promise<void> }>,
  options: { skip: boolean },
) {
  describe.skipIf(options.skip)(name, () => {
    let library: Library
    let close: () => Promise<void>
    beforeAll(async () => {
      const opened = await open()
      library = opened.library
      close = opened.close
    })
    afterAll(() => close?.())
    beforeEach(async () => {
      for (const kind of ['case', 'doc'] as const) {
        for (const tenant of [shippedTenant, 'T1', 'T2']) {
          await library.remove({ kind, tenant, ids: [...(await library.hashes({ kind, tenant })).keys()] })
        }
      }
    })

    const ask = <K extends EntryKind>(kind: K, query: Partial<LibraryQuery<K>>) =>
      library.search<K>({ kind, tenant: 'T1', text: '', signature: null, embedding: null, limit: 10, ...query })
    const ids = async (kind: EntryKind, query: Partial<LibraryQuery>) => (await ask(kind, query)).hits.map((hit) => hit.item.id)

    it('ranks cases by likeness of the workload', async () => {
      await library.upsert([
        caseEntry('same'),
        caseEntry('twice-the-chips', { features: { devices: 128 } }),
        caseEntry('other-chip', { features: { chip: 'v5e', devices: 16 } }),
        caseEntry('decode', { features: { phase: 'decode', chip: 'v6e', devices: 8, bottleneck: 'hbm', tokensPerDevice: 8 } }),
      ])
      const { hits, answeredBy } = await ask('case', { signature: workloadSignature(llama70b) })
      expect(hits.map((hit) => hit.item.id)).toEqual(['same', 'twice-the-chips', 'other-chip', 'decode'])
      expect(hits[0]!.similarity).toBeCloseTo(1, 4)
      expect(hits[3]!.similarity).toBeLessThan(hits[2]!.similarity!)
      expect(answeredBy).toBe(library.store)
    })

    it('finds documents by words, rare ones before common ones, and by a name or a part of it', async () => {
      await library.upsert([
        docEntry('tensor#when', 'Tensor parallelism', 'The model axis pays when collectives are short.'),
        docEntry('fsdp#when', 'FSDP', 'The data axis shards parameters. Collectives overlap with compute.'),
        docEntry('remat#policies', 'Remat', 'save_qkv_proj keeps what attention needs; the model recomputes the rest.'),
      ])
      expect((await ids('doc', { text: 'qkv model' }))[0]).toBe('remat#policies')
      expect(await ids('doc', { text: 'save_qkv_proj' })).toContain('remat#policies')
      expect((await ids('doc', { text: 'when does tensor parallelism pay?' }))[0]).toBe('tensor#when')
      expect((await ids('doc', { text: 'collective' })).sort()).toEqual(['fsdp#when', 'tensor#when'])
      expect(await ids('doc', { text: '"; drop table entries; -- NEAR(' })).toEqual([])
    })

    it('finds entries by their text embedding and leaves out those without one', async () => {
      await library.upsert([
        docEntry('a', 'A', 'alpha', [1, 0, 0, 0]),
        docEntry('b', 'B', 'beta', [0.8, 0.6, 0, 0]),
        docEntry('c', 'C', 'gamma'),
      ])
      expect(await ids('doc', { embedding: [1, 0, 0, 0], channels: ['text'] })).toEqual(['a', 'b'])
    })

    it('fuses the channels: what two of them find comes before what one finds', async () => {
      await library.upsert([
        caseEntry('words-only', { text: 'ragged attention', features: { chip: 'v6e', phase: 'decode', devices: 4 } }),
        caseEntry('both', { text: 'ragged attention kernel', features: { devices: 128 } }),
        caseEntry('signature-only', { text: 'nothing' }),
      ])
      const { hits } = await ask('case', { text: 'ragged attention kernel', signature: workloadSignature(llama70b) })
      expect(hits[0]!.item.id).toBe('both')
      expect(hits.map((hit) => hit.score)).toEqual(hits.map((hit) => hit.score).sort((a, b) => b - a))
      expect(hits[0]!.score).toBeLessThanOrEqual(1)
    })

    it('shows a tenant the shipped entries and its own, in every call', async () => {
      await library.upsert([
        caseEntry('shipped'),
        caseEntry('mine', { tenant: 'T1' }),
        caseEntry('secret', { tenant: 'T2', text: 'secret sauce' }),
      ])
      const signature = workloadSignature(llama70b)
      expect((await ids('case', { signature })).sort()).toEqual(['mine', 'shipped'])
      expect(await ids('case', { text: 'secret sauce' })).toEqual([])
      expect((await ids('case', { tenant: 'T2', text: 'secret sauce' }))[0]).toBe('secret')
      expect((await library.list({ kind: 'case', tenant: 'T1', limit: 10 })).map((one) => one.id)).toEqual(['mine', 'shipped'])
      expect((await library.list({ kind: 'case', tenant: 'T1', limit: 10, own: true })).map((one) => one.id)).toEqual(['mine'])
      expect(await library.get({ kind: 'case', tenant: 'T1', id: 'secret' })).toBeNull()
      expect([...(await library.hashes({ kind: 'case', tenant: 'T2' })).keys()]).toEqual(['secret'])
      await library.remove({ kind: 'case', tenant: 'T1', ids: ['secret', 'shipped'] })
      expect(await library.get({ kind: 'case', tenant: 'T2', id: 'secret' })).not.toBeNull()
      expect(await library.get({ kind: 'case', tenant: 'T2', id: 'shipped' })).not.toBeNull()
    })

    it("prefers a tenant's own entry where a shipped one has the same id", async () => {
      await library.upsert([caseEntry('x'), caseEntry('x', { tenant: 'T1', item: { status: 'confirmed' } })])
      expect((await library.get({ kind: 'case', tenant: 'T1', id: 'x' }))?.status).toBe('confirmed')
      expect((await library.get({ kind: 'case', tenant: 'T2', id: 'x' }))?.status).toBe('published')
    })

    it('replaces an entry that is loaded again, with its words and its hash', async () => {
      await library.upsert([docEntry('a', 'A', 'alpha')])
      await library.upsert([{ ...docEntry('a', 'A', 'omega'), hash: 'new' }])
      expect(await ids('doc', { text: 'alpha' })).toEqual([])
      expect(await ids('doc', { text: 'omega' })).toEqual(['a'])
      expect(await library.hashes({ kind: 'doc', tenant: shippedTenant })).toEqual(new Map([['a', 'new']]))
    })

    it('keeps withdrawn cases out of answers but not out of the list', async () => {
      await library.upsert([caseEntry('w', { tenant: 'T1', text: 'pulled', item: { status: 'withdrawn' } })])
      expect(await ids('case', { text: 'pulled', signature: workloadSignature(llama70b) })).toEqual([])
      expect(await library.list({ kind: 'case', tenant: 'T1', limit: 10 })).toHaveLength(1)
    })

    it('takes several hundred entries at once and gives back what was stored', async () => {
      const entries = Array.from({ length: 300 }, (_, i) => caseEntry(`c${String(i).padStart(3, '0')}`, { features: { devices: 1 + i } }))
      await library.upsert(entries)
      const listed = await library.list({ kind: 'case', tenant: 'T1', limit: 1000 })
      expect(listed).toEqual(entries.map((entry) => entry.item))
      expect(await library.list({ kind: 'case', tenant: 'T1', limit: 5 })).toHaveLength(5)
    })
  })
}
