import { expect, it } from 'vitest'
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
