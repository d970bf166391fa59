import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { MeshTuple } from '../../src/interconnect/mesh-tuple.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { isTie, type Orderable, putInOrder } from '../../src/planner/order.ts'
import { stepParts } from '../../src/planner/pair-errors.ts'
import { type RankKey, sharingAxes, sloTier } from '../../src/planner/rank.ts'
import { workloadOf } from './workloads.ts'

const { pair } = costModel
const none: MeshTuple = [1, 1, 1, 1, 1, 1]
const of = (key: Partial<RankKey>, exposed = 0.1): Orderable => ({
  key: { tier: 0, slo: 0, score: 1, lean: 0, split: 0, axes: 1, margin: 0.5, ici: [1, 1, 64, 1, 1, 1], dcn: none, ...key },
  shares: () => ({ step: 1, shares: stepParts.map((part) => (part === 'busy' ? 1 - exposed : part === 'weights' ? exposed : 0)) }),
})
const tensor: MeshTuple = [1, 1, 16, 1, 4, 1]
const order = (...some: Orderable[]) => putInOrder([...some], pair)

describe('the order of candidates', () => {
  it('lets evidence order what cannot be told apart, and nothing else', () => {
    const simple = of({})
    const near = of({ score: Math.exp(pair.floor / 2), axes: 2, ici: tensor, lean: -1 })
    const far = of({ score: Math.exp(9 * pair.floor), axes: 2, ici: tensor, lean: -1 }, 0.9)
    expect(order(simple, near)).toEqual([near, simple])
    expect(order(simple, { ...near, key: { ...near.key, lean: 1 } })[0]).toBe(simple)
    if (!isTie(simple, far, pair)) expect(order(simple, far)).toEqual([simple, far])
  })

  const within = Math.exp(pair.floor / 2)
  const beyond = Math.exp(3 * pair.floor)

  it('puts the simpler of two that cannot be told apart first, and the faster where they can', () => {
    const fsdp = of({ score: within })
    const fast = of({ score: 1, ici: tensor, axes: 2 })
    expect(order(fast, fsdp)).toEqual([fsdp, fast])
    const slow = of({ score: beyond })
    expect(order(fast, slow)).toEqual([fast, slow])
    const split = of({ score: 1, ici: tensor, axes: 2, split: 1 })
    const whole = of({ score: within, ici: [1, 1, 8, 1, 8, 1], axes: 3 })
    expect(order(split, whole)).toEqual([whole, split])
  })

  it('counts the axes whose members exchange something: replicas that serve do not, those that train do', () => {
    const replicas: MeshTuple = [4, 1, 1, 1, 2, 1]
    expect(sharingAxes('prefill', replicas)).toBe(1)
    expect(sharingAxes('decode', replicas)).toBe(1)
    expect(sharingAxes('train', replicas)).toBe(2)
    expect(sharingAxes('decode', tensor)).toBe(2)
  })

  it('tells less apart where the steps are made of other parts', () => {
    const a = of({ score: 1, ici: tensor, axes: 2 }, 0.5)
    const b = of({ score: Math.exp(1.5 * pair.floor) }, 0.1)
    expect(isTie(a, b, pair)).toBe(true)
    expect(isTie(of({ score: 1 }, 0.1), b, pair)).toBe(false)
  })

  it('keeps every candidate, tiers and the SLO first, whatever the order they come in', () => {
    const some = fc.record({
      tier: fc.constantFrom(0, 1, 2) as fc.Arbitrary<0 | 1 | 2>,
      slo: fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1>,
      score: fc.double({ min: 0.5, max: 2, noNaN: true }),
      axes: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.array(some, { maxLength: 40 }), (keys) => {
        const candidates = keys.map((key) => of(key))
        const ordered = putInOrder([...candidates], pair)
        expect(new Set(ordered)).toEqual(new Set(candidates))
        const classes = ordered.map(({ key }) => key.tier * 2 + key.slo)
        expect(classes).toEqual(classes.toSorted((a, b) => a - b))
      }),
    )
  })
})

describe('an SLO', () => {
  it('is on the first token of a prefill and on the token after of decoding', () => {
    const tier = (phase: 'prefill' | 'decode' | 'train', slo: { ttft_ms?: number; tpot_ms?: number }) =>
      sloTier({ ...workloadOf(), phase, slo }, 100)
    expect([tier('prefill', { ttft_ms: 99 }), tier('prefill', { ttft_ms: 101 }), tier('prefill', { tpot_ms: 1 })]).toEqual([1, 0, 0])
    expect([tier('decode', { tpot_ms: 99 }), tier('decode', { tpot_ms: 101 }), tier('decode', { ttft_ms: 1 })]).toEqual([1, 0, 0])
    expect(tier('train', { ttft_ms: 1, tpot_ms: 1 })).toBe(0)
  })
})
