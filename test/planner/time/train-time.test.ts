import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../../src/contract/mesh.ts'
import { modelFlops } from '../../../src/planner/model/model-flops.ts'
import { figuresOf } from '../figures.ts'
import { workloadOf } from '../workloads.ts'

const timing = (parts: Parameters<typeof workloadOf>[0], mesh: Mesh, dcn: Mesh = {}) => figuresOf(workloadOf(parts), mesh, dcn).timing

describe('compute', () => {
  it('takes longer than the model FLOPs at peak, and remat adds to it', () => {
    const workload = workloadOf()
    const floor = modelFlops(workload) / (64 * 459e12)
    const { compute } = timing({ run: { remat: 'none' } }, { data: 64 })
    expect(compute).toBeGreaterThan(floor)
    expect(timing({ run: { remat: 'full' } }, { data: 64 }).compute).toBeGreaterThan(compute * 1.15)
  })

  it('pays for the padding of a narrow shard', () => {
    // 11008 ÷ 64 = 172 columns are computed as 256
    const narrow = timing(
      { model: 'llama2-7b', run: { global_batch: 64 }, dims: { heads: 64, kv_heads: 64, head_dim: 128 } },
      { model: 64 },
    )
    const wide = timing({ model: 'llama2-7b', run: { global_batch: 64 }, dims: { heads: 64, kv_heads: 64, head_dim: 128 } }, { data: 64 })
    expect(narrow.compute).toBeGreaterThan(wide.compute * 1.15)
  })

  it('is shorter in int8 where the chip has it', () => {
    expect(timing({ run: { matmul_dtype: 'int8' } }, { data: 64 }).compute).toBeLessThan(timing({}, { data: 64 }).compute)
    // v4 has no int8 peak
    const v4 = { chip: 'v4', topology: '4x4x4' } as const
    expect(timing({ ...v4, run: { matmul_dtype: 'int8' } }, { data: 64 }).compute).toBe(timing(v4, { data: 64 }).compute)
  })
})

describe('communication', () => {
  it('gathers weights once more for every microbatch', () => {
    const one = timing({ run: { microbatches: 1 } }, { data: 64 }).communication
    const four = timing({ run: { microbatches: 4 } }, { data: 64 }).communication
    expect(four).toBeCloseTo(4 * one, 6)
  })

  it('of the model axis grows with tokens, of the data axis does not', () => {
    const grows = (mesh: Mesh) =>
      timing({ run: { global_batch: 512 } }, mesh).communication / timing({ run: { global_batch: 256 } }, mesh).communication
    expect(grows({ data: 64 })).toBeCloseTo(1, 3)
    expect(grows({ data: 4, model: 16 })).toBeGreaterThan(1.7)
  })

  it('of MaxText’s dropping experts is their weights, over the expert axis too; elsewhere rows are exchanged', () => {
    const of = (framework: 'maxtext' | 'jax', moe: 'dropping' | 'dropless', global_batch: number) =>
      timing({ model: 'mixtral-8x7b', framework, run: { global_batch, moe } }, { data: 8, expert: 8 }).communication
    expect(of('maxtext', 'dropping', 512)).toBeCloseTo(of('maxtext', 'dropping', 256), 9)
    for (const [framework, moe] of [
      ['maxtext', 'dropless'],
      ['jax', 'dropping'],
    ] as const)
      expect(of(framework, moe, 512)).toBeGreaterThan(of(framework, moe, 256) * 1.3)
  })

  it('is nothing on one replica a device but the all-reduce of gradients', () => {
    const { communication } = timing({ model: 'llama2-7b', run: { global_batch: 64 } }, { replica: 64 })
    // 6.74 B parameters in bf16, twice (63 ÷ 64), over all six links of 90 GB/s
    const expected = (2 * 6.74e9 * 2 * (63 / 64)) / (6 * 90e9 * 0.85)
    expect(communication / expected).toBeCloseTo(1, 1)
  })

  it('over slices is slower than inside one', () => {
    const inside = timing({ topology: '4x4x8', run: { global_batch: 256 } }, { data: 128 })
    const across = timing({ slices: 2, run: { global_batch: 256 } }, { data: 64 }, { data: 2 })
    expect(across.communication).toBeGreaterThan(inside.communication)
  })

  it('over slices costs least when only gradients cross', () => {
    const copies = timing({ slices: 2 }, { data: 64 }, { replica: 2 })
    const shards = timing({ slices: 2 }, { data: 64 }, { data: 2 })
    expect(copies.communication).toBeLessThan(shards.communication)
  })
})

describe('a pipeline', () => {
  it('idles for (stages − 1) of (microbatches + stages − 1)', () => {
    const few = timing({ run: { pipeline_microbatches: 4 } }, { stage: 4, data: 16 })
    const many = timing({ run: { pipeline_microbatches: 16 } }, { stage: 4, data: 16 })
    expect(few.stretch).toBeCloseTo((4 + 4 - 1) / 4)
    expect(many.stretch).toBeCloseTo((16 + 4 - 1) / 16)
    expect(many.step).toBeLessThan(few.step)
  })
})

describe('context parallelism', () => {
  it('is balanced in MaxText; without balance the last device sets the pace', () => {
    const long = { run: { seq_len: 65536, global_batch: 64 } }
    const balanced = timing({ ...long, framework: 'maxtext' }, { data: 16, seq: 4 })
    const lopsided = timing({ ...long, framework: 'jax' }, { data: 16, seq: 4 })
    expect(lopsided.compute).toBeGreaterThan(balanced.compute * 1.2)
  })
})

describe('host offload', () => {
  it('waits only for what does not hide behind compute', () => {
    expect(timing({ run: { remat: 'full' } }, { data: 64 }).host).toBe(0)
    expect(timing({ run: { remat: 'minimal_offloaded' } }, { data: 64 }).host).toBeGreaterThan(0)
  })
})

describe('any mesh', () => {
  it('has finite parts, exposed no longer than in flight, and a step no shorter than what computes', () => {
    const power = (most: number) => fc.integer({ min: 0, max: most }).map((n) => 2 ** n)
    fc.assert(
      fc.property(power(2), power(2), power(3), power(2), power(3), (replica, stage, data, seq, model) => {
        const t = timing({}, { replica, stage, data, seq, model })
        const { exposedBy, ...seconds } = t
        for (const value of [...Object.values(seconds), ...Object.values(exposedBy)])
          expect(Number.isFinite(value) && value >= 0).toBe(true)
        expect(Object.values(exposedBy).reduce((a, b) => a + b, 0)).toBeCloseTo(t.exposed, 9)
        expect(t.exposed).toBeLessThanOrEqual(t.communication + 1e-12)
        expect(t.step).toBeGreaterThanOrEqual(t.busy)
      }),
    )
  })
})
