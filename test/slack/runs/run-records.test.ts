import { expect, it } from 'vitest'
import { RunRecords } from '../../../src/slack/runs/run-records.ts'
import { listedOfRun, ofRun } from '../../../src/state/keys.ts'
import { SqliteStateStore } from '../../../src/state/sqlite-state-store.ts'

const record = (run: string) => ({
  ...{ run, team: 'T1', title: 'exp-1', subject: 'exp-1', by: 'U1', at: '2026-01-01T00:00:00Z', channel: 'C1', threadTs: '1.0' },
  bottleneck: null,
})
const watcher = { channel: 'C1', threadTs: '1.0', askTs: '1.0', user: 'U1' }

it('keeps every run of a thread, in order, however many processes add at once', async () => {
  const state = new SqliteStateStore(':memory:')
  const workers = [0, 1, 2, 3].map(() => new RunRecords(state, { keepDays: 1 }))
  await workers[0]!.addToThread('T1', 'C1', '1.0', 'run-first')
  await Promise.all(workers.map((records, n) => records.addToThread('T1', 'C1', '1.0', `run-${n}`)))
  await workers[1]!.addToThread('T1', 'C1', '1.0', 'run-last')
  const runs = await workers[2]!.threadRuns('T1', 'C1', '1.0')
  expect([...runs].sort()).toEqual(['run-0', 'run-1', 'run-2', 'run-3', 'run-first', 'run-last'])
  expect([runs[0], runs.at(-1)]).toEqual(['run-first', 'run-last'])
  // asked for again it is the newest
  await workers[3]!.addToThread('T1', 'C1', '1.0', 'run-first')
  expect((await workers[0]!.threadRuns('T1', 'C1', '1.0')).at(-1)).toBe('run-first')
})

it('forgets all that belongs to a run and nothing of another', async () => {
  const state = new SqliteStateStore(':memory:')
  const records = new RunRecords(state, { keepDays: 1 })
  for (const run of ['run-a', 'run-b']) {
    await records.openFor('T1', run, run, 60_000)
    await records.begin({ ...record(run), subject: run }, watcher, 60_000)
    for (const key of Object.values(ofRun)) if ((await state.get(key(run))) === null) await state.set(key(run), 'x', 60_000)
    for (const prefix of Object.values(listedOfRun)) await state.set(`${prefix(run)}y`, JSON.stringify(watcher), 60_000)
    await state.set(`sent:T1/${run}/C1/1.0/card2`, JSON.stringify({ channel: 'C1', ts: `9.${run}`, version: 1 }), 60_000)
    await state.set(`subject:T1/C1/9.${run}`, '{}', 60_000)
  }
  const of = async (run: string) => (await state.list('', 1000)).filter(({ key, value }) => `${key} ${value}`.includes(run)).length
  const before = await of('run-b')
  expect(await of('run-a')).toBe(before)
  await records.forget('run-a')
  expect(await of('run-a')).toBe(0)
  expect(await of('run-b')).toBe(before)
})
