import { describe, expect, it } from 'vitest'
import { isSearchable, regretOf, rowFor, tableOf } from '../../src/benchmark/truth-table.ts'
import { smallRegime, truthRow } from './table-fixture.ts'

describe('a table of truth', () => {
  it('puts the fastest that ran first and what failed last, and counts regret from the best', () => {
    const table = tableOf(smallRegime, [truthRow({ replica: 8 }, null), truthRow({ data: 8 }, 110), truthRow({ data: 4, model: 2 }, 100)])
    expect(table.rows.map(({ stepMs }) => stepMs)).toEqual([100, 110, null])
    expect(table.best?.mesh).toEqual({ data: 4, model: 2 })
    expect(regretOf(table, rowFor(table, { mesh: { data: 8 }, dcn: {} }))).toBeCloseTo(0.1)
    expect(regretOf(table, rowFor(table, { mesh: { replica: 8 }, dcn: {} }))).toBeNull()
    expect(isSearchable(table)).toBe(true)
  })

  it('leaves out rows of another job, stopped compilations, and what fits without a time', () => {
    const other = { ...truthRow({ data: 8 }, 100), job: 'another' }
    const stopped = { ...truthRow({ data: 8 }, null), status: 'unknown' as const }
    const timeless = { ...truthRow({ data: 8 }, 100), replay: null }
    for (const row of [other, stopped, timeless]) expect(tableOf(smallRegime, [row]).rows).toEqual([])
  })

  it('never puts measured times beside replayed ones', () => {
    const measured = [
      { mesh: { data: 8 }, dcn: {}, step_time_ms: 200 },
      { mesh: { data: 4, model: 2 }, dcn: {}, step_time_ms: 210 },
    ]
    const table = tableOf({ ...smallRegime, measured }, [truthRow({ data: 2, model: 4 }, 50), truthRow({ replica: 8 }, null)])
    expect(table.rows.map(({ kind, stepMs }) => [kind, stepMs])).toEqual([
      ['measured', 200],
      ['measured', 210],
      ['compiled', null],
    ])
  })

  it('has another digest when a row changes', () => {
    const digest = (ms: number) => tableOf(smallRegime, [truthRow({ data: 8 }, ms)]).digest
    expect(digest(100)).not.toBe(digest(101))
    expect(digest(100)).toBe(digest(100))
  })
})
