import { describe, expect, it } from 'vitest'
import { checkStepTime, describeErrors, errorOfOutcomes, outcomesOf, withOutcome } from '../../src/agents/learning.ts'
import { aCase } from '../knowledge/entries.ts'

const at = new Date('2026-02-03T00:00:00Z')
const own = (id: string, predicted: number, measured: number | null, status: 'confirmed' | 'refuted' | 'adopted' = 'confirmed') =>
  aCase(id, { tenant: 'T1', status, predicted_step_ms: predicted, measured_after_ms: measured, at: `2026-01-0${id}` })

const kind = { family: 'v5p train dense', model: 'llama2-70b', mesh: 'data' }

describe('learning', () => {
  it('shows that a steady error shrinks when the other outcomes correct it', () => {
    const outcomes = Array.from({ length: 8 }, (_, i) => ({ ...kind, predicted: 1000 + i, measured: (1000 + i) * 1.25 }))
    const errors = errorOfOutcomes(outcomes)!
    expect(errors.before).toBeCloseTo(0.25, 6)
    expect(errors.after).toBeLessThan(errors.before / 2)
    expect(describeErrors(outcomes)[0]).toMatch(/^Over 8 recorded outcomes predictions were off by 25%; corrected by the others, by \d/)
    expect(errorOfOutcomes(outcomes.slice(0, 1))).toBeNull()
  })

  it('does not claim an improvement where errors have no direction', () => {
    const outcomes = [0.8, 1.25, 0.8, 1.25, 0.8, 1.25].map((ratio) => ({ ...kind, predicted: 1000, measured: 1000 * ratio }))
    const errors = errorOfOutcomes(outcomes)!
    expect(errors.after).toBeGreaterThanOrEqual(errors.before * 0.99)
  })

  it('counts only measured outcomes that are believable', () => {
    const cases = [own('1', 1000, 1100), own('2', 1000, 9000, 'refuted'), own('3', 1000, null, 'adopted'), own('4', 1000, 1500, 'refuted')]
    expect(outcomesOf(cases)).toMatchObject([
      { predicted: 1000, measured: 1100 },
      { predicted: 1000, measured: 1500 },
    ])
  })

  it('confirms what became faster and refutes what became slower, beyond noise', () => {
    const item = aCase('a', { measured_before_ms: 1000, measured_after_ms: null, predicted_step_ms: 800, status: 'adopted' })
    expect(withOutcome(item, { result: 'ok', stepTimeMs: 900, by: 'U1', at }).status).toBe('confirmed')
    expect(withOutcome(item, { result: 'ok', stepTimeMs: 1010, by: 'U1', at }).status).toBe('confirmed')
    expect(withOutcome(item, { result: 'ok', stepTimeMs: 1100, by: 'U1', at }).status).toBe('refuted')
    const cold = { ...item, measured_before_ms: null }
    expect(withOutcome(cold, { result: 'ok', stepTimeMs: 1000, by: 'U1', at }).status).toBe('confirmed')
    expect(withOutcome(cold, { result: 'ok', stepTimeMs: 1300, by: 'U1', at }).status).toBe('refuted')
  })

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e12])('refuses %s as a step time', (value) => {
    expect(() => checkStepTime(value)).toThrow(/not a step time/)
  })
})
