import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import { folderTexts } from '../../src/files/folder-texts.ts'
import { createFallbackLibrary } from '../../src/knowledge/fallback-library.ts'
import type { Library } from '../../src/knowledge/library.ts'
import { type PendingTexts, pendingChanges, takeOverList } from '../../src/knowledge/pending-changes.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { blobsInMemory } from '../support/blobs-in-memory.ts'
import { caseEntry } from './entries.ts'

const root = mkdtempSync(join(tmpdir(), 'prompts-pending-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
let count = 0
const fresh = () => join(root, `${count++}`)
const change = (id: string) => ({ upsert: caseEntry(id, { tenant: 'T1' }), kind: 'case' as const, tenant: 'T1', id })

describe.each([
  ['files', (): PendingTexts => folderTexts(fresh())],
  ['a bucket', (): PendingTexts => blobsInMemory({})],
])('changes that wait in %s', (_name, open) => {
  it('are all there however many processes write at once, each process’s in its order', async () => {
    const texts = open()
    const processes = [pendingChanges(texts), pendingChanges(texts), pendingChanges(texts)]
    await Promise.all(
      processes.map(async (one, process) => {
        for (let at = 0; at < 8; at += 1) await one.add(change(`p${process}-${at}`))
      }),
    )
    const found = (await processes[0]!.list()).map((one) => one.change.id)
    expect(found).toHaveLength(24)
    for (const process of [0, 1, 2]) {
      const own = found.filter((id) => id.startsWith(`p${process}-`))
      expect(own).toEqual(Array.from({ length: 8 }, (_, at) => `p${process}-${at}`))
    }
  })

  it('that came meanwhile stay when those that were seen are removed', async () => {
    const pending = pendingChanges(open())
    await pending.add(change('a'))
    const seen = await pending.list()
    await pending.add(change('b'))
    await pending.remove(seen.map(({ name }) => name))
    await pending.add(change('c'))
    expect((await pending.list()).map((one) => one.change.id)).toEqual(['b', 'c'])
  })
})

it('the list of earlier versions is taken over, once, and a torn one is no more', async () => {
  const folder = fresh()
  const pending = pendingChanges(folderTexts(folder))
  await pending.add(change('a'))
  const path = join(folder, 'library-pending.json')
  writeFileSync(path, JSON.stringify([change('b'), change('c')]))
  await takeOverList(path, pending)
  await takeOverList(path, pending)
  expect((await pending.list()).map((one) => one.change.id)).toEqual(['a', 'b', 'c'])
  expect(existsSync(path)).toBe(false)
  writeFileSync(path, '[{"kind":')
  await takeOverList(path, pending)
  expect(existsSync(path)).toBe(false)
  expect(readdirSync(join(folder, 'library-pending')).every((name) => /^\d+\.json$/.test(name))).toBe(true)
})

it('what one process could not bring to the server another brings there, the last word on each entry', async () => {
  const texts = folderTexts(fresh())
  const server = createSqliteLibrary({ path: ':memory:' })
  let isAway = true
  const primary = new Proxy(server, {
    get: (target, name: keyof Library) =>
      isAway && name !== 'close' && name !== 'store'
        ? async () => {
            throw new PromptsError('unavailable', 'Qdrant did not answer')
          }
        : target[name],
  })
  const open = () =>
    createFallbackLibrary({ primary, embedded: createSqliteLibrary({ path: ':memory:' }), pending: pendingChanges(texts), retryAfterMs: 0 })
  const [one, two] = [open(), open()]
  await one.upsert([caseEntry('kept', { tenant: 'T1' }), caseEntry('removed', { tenant: 'T1' })])
  await two.upsert([caseEntry('other', { tenant: 'T1' })])
  await one.remove({ kind: 'case', tenant: 'T1', ids: ['removed'] })
  isAway = false
  // both are gone; a third one finds what they left
  const three = open()
  expect([...(await three.hashes({ kind: 'case', tenant: 'T1' })).keys()].sort()).toEqual(['kept', 'other'])
  expect([...(await server.hashes({ kind: 'case', tenant: 'T1' })).keys()].sort()).toEqual(['kept', 'other'])
  expect(await pendingChanges(texts).list()).toEqual([])
})
