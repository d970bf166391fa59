import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/contract/verdict.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { chooseCards } from '../../src/planner/choose-cards.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { clearProbability } from '../../src/planner/memory-probability.ts'
import { isTie } from '../../src/planner/order.ts'
import { orderableOf } from '../../src/planner/order-verdicts.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import { keyOfVerdict } from '../../src/planner/rank.ts'
import { withCompiler } from '../../src/planner/with-compiler.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { workloadOf } from './workloads.ts'

const clock = () => 0
const jobs = [
  workloadOf(),
  workloadOf({ topology: '8x8x8', run: { global_batch: 2048 } }),
  workloadOf({ chip: 'v6e', topology: '16x16', model: 'mixtral-8x7b', run: { global_batch: 1024, seq_len: 4096 } }),
  workloadOf({ topology: '4x4x4', model: 'gpt3-175b', run: { global_batch: 32, seq_len: 4096 } }),
  workloadOf({ chip: 'v6e', topology: '4x4', phase: 'decode', model: 'llama2-7b', run: { global_batch: 64, seq_len: 2048 } }),
]
const plannedOf = (workload: Workload) => {
  const space = { workload, calibration: calibrateWorkload({ workload }) }
  const { ranked } = planExperiment({ workload, clock })
  return { workload, space, ranked, cards: chooseCards(ranked, space) }
}
const planned = jobs.map(plannedOf)

const word = {
  required_gib: 99,
  available_gib: 95.74,
  step_time_ms: null,
  effort: 'full',
  program: 'reference',
  versions: {},
  seconds: 1,
  message: null,
} as const

describe('the cards', () => {
  it('begin with the first of the ranking and are in its order, at most three', () => {
    for (const { ranked, cards } of planned) {
      expect(cards.length).toBeGreaterThanOrEqual(2)
      expect(cards.length).toBeLessThanOrEqual(3)
      expect(cards[0]).toBe(ranked[0])
      const places = cards.map((card) => ranked.indexOf(card))
      expect(places).toEqual(places.toSorted((a, b) => a - b))
    }
  })

  it('hold no mesh with a cost that the time does not count while enough are without', () => {
    for (const { ranked, cards, space } of planned) {
      const uncounted = (verdict: Verdict) =>
        verdict.warnings.some(({ rule }) => rule === 'short_sequence' || rule === 'weights_not_sharded')
      const free = ranked.filter((verdict) => !uncounted(verdict) && keyOfVerdict(space.workload, verdict).tier < 2)
      if (free.length >= 3) expect(cards.some(uncounted)).toBe(false)
    }
  })

  it('never hold a mesh that is less likely to fit, or takes more memory or a flag, for a gain that cannot be told from none', () => {
    for (const { space, cards } of planned) {
      const candidates = orderableOf(cards, space)
      for (const [i, one] of candidates.entries())
        for (const before of candidates.slice(0, i)) {
          if (one.key.tier !== before.key.tier) continue
          const tie = one.key.score < before.key.score ? isTie(one, before, costModel.pair) : isTie(before, one, costModel.pair)
          if (!tie) continue
          const [memory, other] = [one.verdict.memory!, before.verdict.memory!]
          expect(other.probability - memory.probability).toBeLessThanOrEqual(1 - clearProbability)
          expect((memory.required_gib - other.required_gib) / memory.available_gib).toBeLessThanOrEqual(0.05)
          if (one.key.split > before.key.split) expect(memory.required_gib).toBeLessThan(other.required_gib)
        }
    }
  })

  it('count a little more memory as no cost, and an axis more as none', () => {
    // what a replica more takes is less than a twentieth of the memory
    const { ranked, cards } = plannedOf(workloadOf({ chip: 'tpu7x', model: 'gemma4-e2b', run: { seq_len: 8192, remat: 'full' } }))
    expect(cards.length).toBe(3)
    for (const card of cards) expect(card.estimate!.step_time_ms).toBeLessThan(1.02 * ranked[0]!.estimate!.step_time_ms)
    expect(cards.some(({ mesh }) => (mesh.replica ?? 1) > 1)).toBe(true)
  })

  it('leave the third place to another where evidence speaks against a mesh, and to a mesh that it speaks for', () => {
    const { ranked, space, cards } = plannedOf(workloadOf({ chip: 'tpu7x', model: 'gemma4-e2b', run: { seq_len: 8192, remat: 'full' } }))
    const last = cards.at(-1)!
    expect(chooseCards(ranked, space, 3, () => 0)).toEqual(cards)
    const without = chooseCards(ranked, space, 3, (verdict) => (verdict === last ? 1 : 0))
    expect(without).not.toContain(last)
    expect(without[0]).toBe(cards[0])
    const other = without.find((verdict) => !cards.includes(verdict))!
    expect(chooseCards(ranked, space, 3, (verdict) => (verdict === other ? -1 : 0))).toContain(other)
  })

  it('are, beside the first, the likely ones of what is near the limit', () => {
    const run = { global_batch: 16, seq_len: 8192, remat: 'full' }
    const { workload, ranked, cards } = plannedOf(workloadOf({ framework: 'jax', chip: 'v6e', topology: '2x4', model: 'qwen3-8b', run }))
    const near = ranked.filter((verdict) => keyOfVerdict(workload, verdict).tier === 1)
    expect(near.some(({ memory }) => memory!.probability < 0.1)).toBe(true)
    expect(cards.length).toBe(3)
    for (const card of cards.slice(1)) expect(card.memory!.probability).toBeGreaterThan(0.5)
  })

  it('hold no mesh that could not be the best', () => {
    for (const { workload, cards } of planned) {
      const scores = cards.map((card) => keyOfVerdict(workload, card).score)
      const tiers = cards.map((card) => keyOfVerdict(workload, card).tier)
      if (new Set(tiers).size === 1) expect(Math.max(...scores) / Math.min(...scores)).toBeLessThan(1.6)
    }
  })

  it('are as many as there are feasible ones, near ones after clear ones', () => {
    const workload = workloadOf({ chip: 'v5e', topology: '2x2' })
    const { ranked } = planExperiment({ workload, clock })
    expect(chooseCards(ranked, { workload, calibration: calibrateWorkload({ workload }) })).toEqual([])
    for (const { workload: job, cards } of planned) {
      const tiers = cards.map((card) => keyOfVerdict(job, card).tier)
      expect(tiers).toEqual(tiers.toSorted())
    }
  })

  it('leave out what the compiler withdrew', () => {
    const { ranked, space } = planned[0]!
    const withdrawn: Verdict[] = [withCompiler(ranked[0]!, { status: 'oom', ...word }), ...ranked.slice(1)]
    expect(chooseCards(withdrawn, space)).not.toContain(withdrawn[0])
  })
})
