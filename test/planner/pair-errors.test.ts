import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costModel } from '../../src/planner/cost-model.ts'
import { gainOf, normalCdf, pairSpread, type StepShares } from '../../src/planner/pair-errors.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { workloadOf } from './workloads.ts'

const shares = fc
  .array(fc.float({ min: Math.fround(0.01), max: 1, noNaN: true }), { minLength: 8, maxLength: 8 })
  .map((parts): StepShares => {
    const sum = parts.reduce((a, b) => a + b, 0)
    return { step: 1, shares: parts.map((part) => part / sum) }
  })

describe('the comparison of two meshes', () => {
  it('errs by the floor alone where the steps are made alike, the same both ways, and more the more they differ', () => {
    fc.assert(
      fc.property(shares, shares, fc.float({ min: 0, max: 1, noNaN: true }), (a, b, by) => {
        expect(pairSpread(a, a, costModel.pair)).toBeCloseTo(costModel.pair.floor, 12)
        expect(pairSpread(a, b, costModel.pair)).toBeCloseTo(pairSpread(b, a, costModel.pair), 12)
        const between = { step: 1, shares: a.shares.map((share, i) => share + by * (b.shares[i]! - share)) }
        expect(pairSpread(a, between, costModel.pair)).toBeLessThanOrEqual(pairSpread(a, b, costModel.pair) + 1e-12)
      }),
    )
  })

  it('gives a range about the ratio and a probability of a half where there is no gain', () => {
    expect(gainOf(1, 0.05)).toMatchObject({ ratio: 1, probability: 0.5 })
    const gain = gainOf(1.2, 0.1)
    expect(gain.low).toBeLessThan(1.2)
    expect(gain.high).toBeGreaterThan(1.2)
    expect(gain.probability).toBeCloseTo(0.9659, 3)
    expect(normalCdf(-1.645)).toBeCloseTo(0.05, 3)
  })

  it('is on every legal verdict of a job with a mesh, 1 for that mesh, and null without one', () => {
    const workload = { ...workloadOf(), mesh: { data: 16, model: 4 } }
    const { ranked, baseline } = planExperiment({ workload, clock: () => 0 })
    expect(baseline!.estimate!.gain).toEqual({ ratio: 1, low: 1, high: 1, probability: 0 })
    const before = baseline!.estimate!.tokens_per_second_per_chip
    for (const { estimate } of ranked.slice(0, 20))
      expect(estimate!.gain!.ratio).toBeCloseTo(estimate!.tokens_per_second_per_chip / before, 3)
    expect(verdictOfMesh(workload, { data: 64 }).estimate!.gain).toEqual(
      ranked.find(({ mesh }) => mesh.data === 64 && !mesh.model)!.estimate!.gain,
    )
    expect(verdictOfMesh(workloadOf(), { data: 64 }).estimate!.gain).toBeNull()
  })
})
