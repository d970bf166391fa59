import { beforeEach, describe, expect, it } from 'vitest'
import { type CaseBook, createCaseBook } from '../../src/knowledge/case-book.ts'
import type { Library } from '../../src/knowledge/library.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { aCase, caseEntry } from './entries.ts'

let library: Library
let book: CaseBook
beforeEach(async () => {
  library = createSqliteLibrary({ path: ':memory:' })
  await library.upsert([caseEntry('shipped-1')])
  book = createCaseBook({ library, embedder: null, tenant: 'T1', signal: new AbortController().signal })
})

describe('prompts cases', () => {
  it('imports what it exported, into the tenant that imports, and merges what is already known', async () => {
    await book.add([
      aCase('mine', { to: { data: 64 }, measured_after_ms: null, status: 'adopted', sources: [{ title: 'run 1', uri: 'run:1' }] }),
    ])
    const text = await book.export({ own: true })
    const again = await book.import(text, 'export')
    expect(again.added).toEqual([])
    expect(again.merged.map((item) => item.id)).toEqual(['mine'])
    const other = createCaseBook({ library, embedder: null, tenant: 'T2', signal: new AbortController().signal })
    const { added } = await other.import(text, 'export')
    expect(added[0]).toMatchObject({ id: 'mine', tenant: 'T2' })
    expect(await book.list({ limit: 10, own: true })).toHaveLength(1)
  })

  it('merges duplicates: one case, every source, the measurement that exists', async () => {
    const measured = aCase('a', { status: 'confirmed', measured_after_ms: 22_000, sources: [{ title: 'x', uri: 'x' }] })
    const later = aCase('b', {
      status: 'adopted',
      measured_after_ms: null,
      sources: [
        { title: 'y', uri: 'y' },
        { title: 'x', uri: 'x' },
      ],
    })
    await book.add([measured])
    const { added, merged } = await book.add([later])
    expect(added).toEqual([])
    expect(merged[0]).toMatchObject({ id: 'a', status: 'confirmed', measured_after_ms: 22_000 })
    expect(merged[0]!.sources.map((source) => source.uri)).toEqual(['x', 'y'])
  })

  it('gives a different case with a taken id an id of its own', async () => {
    await book.add([aCase('same', { to: { data: 64 } })])
    const { added } = await book.add([aCase('same', { to: { data: 8, model: 8 } })])
    expect(added[0]!.id).not.toBe('same')
    expect(await book.list({ limit: 10, own: true })).toHaveLength(2)
  })

  it('edits own cases by the schema, and neither shipped ones nor their id and tenant', async () => {
    await book.add([aCase('mine', { to: { data: 64 } })])
    expect(await book.edit('mine', { status: 'refuted', measured_after_ms: 50_000 })).toMatchObject({ status: 'refuted' })
    expect((await book.show('mine')).measured_after_ms).toBe(50_000)
    await expect(book.edit('mine', { status: 'great' })).rejects.toMatchObject({ code: 'bad_case' })
    await expect(book.edit('mine', { tenant: 'T2' })).rejects.toMatchObject({ code: 'bad_case' })
    await expect(book.edit('shipped-1', { status: 'refuted' })).rejects.toMatchObject({ code: 'not_allowed' })
    await expect(book.remove('shipped-1')).rejects.toMatchObject({ code: 'not_allowed' })
    await book.remove('mine')
    await expect(book.show('mine')).rejects.toMatchObject({ code: 'unknown_case' })
  })

  it('names the nearest case, and what is wrong in a file', async () => {
    await expect(book.show('shiped-1')).rejects.toMatchObject({ hint: expect.stringContaining('shipped-1') })
    await expect(book.import('[{"id": 1}]', 'my.json')).rejects.toThrow(/my\.json/)
    await expect(book.import('nope', 'my.json')).rejects.toThrow(/not JSON/)
  })

  it('searches by words', async () => {
    await book.add([aCase('mine', { experiment: 'ragged-attention', to: { data: 64 } })])
    expect((await book.search('ragged attention', 3))[0]!.item.id).toBe('mine')
  })
})
