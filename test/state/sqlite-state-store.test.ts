import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { SqliteStateStore } from '../../src/state/sqlite-state-store.ts'
import { stateStoreSuite } from './state-store-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-state-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0

stateStoreSuite('SqliteStateStore', async () => new SqliteStateStore(join(folder, `${count++}`, 'state.db')))

it('is there again after the file is opened anew, and two openers share it', async () => {
  const path = join(folder, 'again.db')
  const first = new SqliteStateStore(path)
  await first.set('a:1', 'kept', 60_000)
  const second = new SqliteStateStore(path)
  expect(await second.get('a:1')).toBe('kept')
  expect(await second.claim('c:1', 60_000)).toBe(true)
  expect(await first.claim('c:1', 60_000)).toBe(false)
  await first.close()
  await second.close()
  const third = new SqliteStateStore(path)
  expect(await third.get('a:1')).toBe('kept')
  await third.close()
})
