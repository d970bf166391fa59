import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { costModel } from '../../src/planner/cost-model.ts'
import { maxtextCases, referenceCases } from '../support/measured/compiled-cases.ts'
import { measuredPairs } from '../support/measured/measured-pairs.ts'
import { median, quantile } from '../support/measured/statistics.ts'
import { fitRows, logError, notADecoder } from '../support/measured/time-rows.ts'
import { lacks, needing } from '../support/needs.ts'
import { figuresOf, inGib } from './figures.ts'

// The figures themselves are in bench/planner-fit/results*.md; these bounds are what the planner promises.
const reference = existsSync('bench/recorded/reference-program.jsonl') ? referenceCases() : []

describe.skipIf(reference.length === 0)('memory against the reference program as compiled', () => {
  it('agrees on fit in 95% of cases, within 10% at the median and 20% at the 90th percentile', () => {
    const errors: number[] = []
    let agreeing = 0
    for (const { workload, status, requiredGib } of reference) {
      const { memory, margin } = figuresOf(workload, workload.mesh!, workload.dcn)
      if (margin >= 0 === (status === 'fits')) agreeing++
      errors.push(Math.abs(inGib(memory.required) / requiredGib - 1))
    }
    expect(agreeing / reference.length).toBeGreaterThanOrEqual(0.95)
    expect(median(errors)).toBeLessThanOrEqual(0.1)
    expect(quantile(errors, 0.9)).toBeLessThanOrEqual(0.2)
  })
})

describe.skipIf(lacks('shared'))(needing('against what others recorded', 'shared'), () => {
  it('MaxText fits where the compiler says so, within 25% of its peak', () => {
    for (const { id, workload, status, requiredGib } of maxtextCases()) {
      const { memory, margin } = figuresOf(workload, workload.mesh!)
      expect(margin >= 0, id).toBe(status === 'fits')
      expect(Math.abs(inGib(memory.required) / requiredGib - 1), id).toBeLessThan(0.25)
    }
  })

  it('step times of measured rows are within 20% at the median with the shipped constants', () => {
    const rows = fitRows().filter(({ qualifying, model }) => qualifying && !notADecoder.has(model))
    expect(rows.length).toBeGreaterThanOrEqual(55)
    expect(median(rows.map((row) => Math.abs(Math.exp(logError(row, costModel)) - 1)))).toBeLessThan(0.2)
  })

  it('measured pairs are in the measured order in 90% of cases', () => {
    const pairs = measuredPairs()
    expect(pairs.length).toBeGreaterThanOrEqual(10)
    expect(pairs.filter(({ predictedRatio }) => predictedRatio > 1).length / pairs.length).toBeGreaterThanOrEqual(0.9)
  })
})
