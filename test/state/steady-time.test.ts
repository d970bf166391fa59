import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { SqliteStateStore } from '../../src/state/sqlite-state-store.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-steady-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let count = 0
const hour = 3600_000

/** A machine whose clocks a test turns. */
function machine() {
  const state = { boot: 'first' as string | null, steady: 1000, wall: 1_800_000_000_000 }
  const path = join(folder, `${count++}.db`)
  const open = () =>
    new SqliteStateStore(path, { hostClocks: { boot: state.boot, steadyMs: () => state.steady, wallMs: () => state.wall } })
  return { state, open }
}
const pace = { intervalMs: 1000, burst: 1 }

it.each([-2 * hour, 2 * hour])(
  'what is paced opens, and what is leased stays, when the clock steps by %d ms between two processes',
  async (step) => {
    const { state, open } = machine()
    const before = open()
    expect(await before.take('pace:C1', pace)).toBe(0)
    expect(await before.claim('lease:a', 10_000)).toBe(true)
    await before.set('kept:a', '1', hour)
    state.wall += step
    state.steady += 500
    // both at once, and each after the other's end
    for (const one of [open(), before, open()]) {
      expect(await one.take('pace:C1', pace)).toBeCloseTo(500)
      expect(await one.claim('lease:a', 10_000)).toBe(false)
      expect(await one.get('kept:a')).toBe('1')
    }
    state.steady += 9500
    const after = open()
    expect(await after.take('pace:C1', pace)).toBe(0)
    expect(await after.claim('lease:a', 10_000)).toBe(true)
    state.steady += hour
    expect(await after.get('kept:a')).toBeNull()
  },
)

it('after a start of the machine goes on with the time that passed meanwhile, and never backwards', async () => {
  const { state, open } = machine()
  await open().set('short:a', '1', 30_000)
  await open().set('long:a', '1', 5 * hour)
  Object.assign(state, { boot: 'second', steady: 5, wall: state.wall + hour })
  expect([await open().get('short:a'), await open().get('long:a')]).toEqual([null, '1'])
  // a machine that came up with a clock of years ago
  Object.assign(state, { boot: 'third', steady: 7, wall: 1000 })
  expect(await open().get('long:a')).toBe('1')
  expect(await open().take('pace:C2', pace)).toBe(0)
  state.steady += 1001
  expect(await open().take('pace:C2', pace)).toBe(0)
})

it('where the platform does not name its starts, each process goes from the wall’s time, and never backwards', async () => {
  const { state, open } = machine()
  state.boot = null
  const store = open()
  await store.set('kept:a', '1', hour)
  state.wall -= 2 * hour
  expect(await open().get('kept:a')).toBe('1')
  const next = open()
  expect(await next.take('pace:C1', pace)).toBe(0)
  state.steady += 1001
  expect(await next.take('pace:C1', pace)).toBe(0)
})
