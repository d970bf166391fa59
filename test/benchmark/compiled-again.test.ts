import { expect, it } from 'vitest'
import { compiledAgain } from '../../src/benchmark/compiled-again.ts'
import { truthRow } from './table-fixture.ts'

it('counts verdicts that stand and the largest differences; what is not recorded counts for nothing', () => {
  const recorded = [truthRow({ data: 8 }, 100), truthRow({ replica: 8 }, null), truthRow({ data: 4, model: 2 }, 120)]
  const again = [truthRow({ data: 8 }, 102), truthRow({ replica: 8 }, 130), truthRow({ model: 8 }, 90)]
  expect(compiledAgain(recorded, again)).toMatchObject({ programs: 2, sameVerdict: 1, largestMemory: 0 })
  expect(compiledAgain(recorded, again).largestStep).toBeCloseTo(0.02)
  expect(compiledAgain(recorded, []).programs).toBe(0)
})
