import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/contract/run.ts'
import { adoptionOf, marksOf } from '../../src/runs/adoption.ts'

const event = (kind: RunEvent['kind'], data: unknown): RunEvent => ({ at: '2026-01-01T00:00:00Z', kind, name: '', data })
const adopt = (rank: number, id = `c${rank}`) => event('adoption', { rank, case: id, by: 'U1', mesh: 'data=4', predicted_ms: 100 })
const react = (user: string, rank: number, source: string | null, added = true) => event('reaction', { user, rank, source, added })

describe('what a run’s events say is adopted', () => {
  it('is the last adoption that was not taken back', () => {
    expect(adoptionOf([])).toBeNull()
    expect(adoptionOf([adopt(1), adopt(2)])).toMatchObject({ rank: 2, caseId: 'c2', mesh: 'data=4', predictedMs: 100, outcome: null })
    expect(adoptionOf([adopt(1), event('withdrawal', { rank: 1, case: 'c1', by: 'U1' })])).toBeNull()
    expect(adoptionOf([adopt(2), event('withdrawal', { rank: 1, case: 'c1', by: 'U1' })])).toMatchObject({ rank: 2 })
  })

  it('reads what was recorded before an adoption held its figures', () => {
    const before = event('adoption', { rank: 3, case: 'own-1', by: 'U7' })
    expect(adoptionOf([before])).toMatchObject({ rank: 3, caseId: 'own-1', by: 'U7', mesh: '', predictedMs: null, beforeMs: null })
    expect(
      adoptionOf([before, event('outcome', { case: 'own-1', step_time_ms: 22_900, predicted_step_ms: null, by: 'U7' })]),
    ).toMatchObject({
      outcome: { result: 'ok', stepTimeMs: 22_900 },
    })
  })

  it('holds the last outcome that stands: an undone one gives way to the one before', () => {
    const ran = (ms: number) => event('outcome', { case: 'c1', result: 'ok', step_time_ms: ms })
    const undo = event('outcome', { case: 'c1', undone: true, by: 'U1' })
    const outcome = (...events: RunEvent[]) => adoptionOf([adopt(1), ...events])?.outcome
    expect(outcome(ran(5), event('outcome', { case: 'c1', result: 'oom' }))).toEqual({ result: 'oom' })
    expect(outcome(ran(5), ran(7), undo)).toEqual({ result: 'ok', stepTimeMs: 5 })
    expect(outcome(ran(5), undo)).toBeNull()
    expect(outcome(event('outcome', { case: 'other', result: 'oom' }))).toBeNull()
  })

  it('passes over what it does not understand', () => {
    expect(adoptionOf([event('adoption', { rank: 9, case: 'x' }), event('adoption', 'text'), event('outcome', null)])).toBeNull()
    expect(marksOf([event('reaction', {}), event('withdrawal', 7)])).toEqual([])
  })
})

describe('who backs which card', () => {
  it('keeps order, counts a repeated mark once, and takes back by source or all of a person’s', () => {
    const marks = marksOf([react('U1', 1, 'a'), react('U2', 2, 'b'), react('U1', 1, 'a'), react('U1', 1, 'c')])
    expect(marks.map(({ user, source }) => `${user} ${source}`)).toEqual(['U1 a', 'U2 b', 'U1 c'])
    const taken = (source: string | null) =>
      marksOf([react('U1', 1, 'a'), react('U1', 1, 'c'), react('U2', 1, 'b'), react('U1', 1, source, false)]).map(
        ({ source: left }) => left,
      )
    expect(taken('a')).toEqual(['c', 'b'])
    expect(taken(null)).toEqual(['b'])
  })

  it('is nobody any more for a card that the compiler refused, and unchanged when a person takes an adoption back', () => {
    const events = [react('U1', 1, 'a'), react('U2', 2, 'b')]
    expect(marksOf([...events, event('withdrawal', { rank: 1, case: null, by: null })])).toEqual([{ user: 'U2', rank: 2, source: 'b' }])
    expect(marksOf([...events, event('withdrawal', { rank: 1, case: 'c1', by: 'U1' })])).toHaveLength(2)
  })
})
