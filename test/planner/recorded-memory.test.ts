import { describe, expect, it } from 'vitest'
import { costModel } from '../../src/planner/cost-model.ts'
import { memoryCases } from '../support/measured/memory-cases.ts'
import { judged, measured, wrong } from '../support/measured/memory-errors.ts'
import { quantile } from '../support/measured/statistics.ts'

const held = memoryCases().map((one) => judged(one, costModel))

describe('memory, beside what the compiler said of MaxText’s own programs', () => {
  it('is within a few percent of the peaks', () => {
    const errors = held.filter(measured).map(({ log }) => Math.abs(Math.exp(log) - 1))
    expect(errors.length).toBeGreaterThan(60)
    expect(quantile(errors, 0.5)).toBeLessThan(0.04)
    expect(quantile(errors, 0.9)).toBeLessThan(0.1)
  })

  it('is sure and wrong of hardly any', () => {
    expect(wrong(held).length).toBeLessThanOrEqual(0.03 * held.length)
  })
})
