import { expect, it } from 'vitest'
import { sloTier } from '../../src/planner/rank.ts'
import { unmetObjective, unmetObjectiveIn } from '../../src/planner/slo.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { workloadOf } from './workloads.ts'

it('says what comes nearest to an objective that nothing meets, and nothing where one is met', () => {
  const run = { global_batch: 64, seq_len: 1500, weight_dtype: 'bf16' } as const
  const job = workloadOf({ framework: 'vllm', phase: 'decode', chip: 'v6e', topology: 'v6e-8', model: 'llama3.3-70b', run })
  const ranked = [verdictOfMesh(job, { model: 8 }, {})]
  const unmet = unmetObjective({ slo: { tpot_ms: 1 } }, ranked)
  expect(unmet).toMatch(/tpot 1 ms: model=8 comes nearest with \d/)
  expect(unmetObjective({ slo: { tpot_ms: 1000 } }, ranked)).toBeNull()
  expect(unmetObjective({ slo: {} }, ranked)).toBeNull()
  expect(unmetObjectiveIn({ notes: [unmet!, 'another'] })).toBe(unmet)
  expect(unmetObjectiveIn({ notes: ['another'] })).toBeNull()
})

it.each([
  ['decode', { tpot_ms: 20 }, 1],
  ['decode', { ttft_ms: 20 }, 0],
  ['prefill', { ttft_ms: 20 }, 1],
  ['prefill', { tpot_ms: 20 }, 0],
  ['train', { ttft_ms: 20, tpot_ms: 20 }, 0],
] as const)('a step of 30 ms of %s is late by %o: %i', (phase, slo, tier) => {
  expect(sloTier({ ...workloadOf(), phase, slo }, 30)).toBe(tier)
  expect(sloTier({ ...workloadOf(), phase, slo }, 10)).toBe(0)
})
