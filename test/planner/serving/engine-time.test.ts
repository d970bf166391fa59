import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../../src/contract/mesh.ts'
import { verdictOfMesh } from '../../../src/planner/verdict-of.ts'
import { figuresOf } from '../figures.ts'
import { workloadOf } from '../workloads.ts'

type Parts = Parameters<typeof workloadOf>[0]
const served = (parts: Parts = {}) =>
  workloadOf({
    framework: 'vllm',
    phase: 'decode',
    chip: 'v6e',
    topology: 'v6e-8',
    model: 'llama3.1-70b',
    ...parts,
    run: { global_batch: 1, seq_len: 1024, weight_dtype: 'bf16', ...parts.run },
  })
const figures = (parts: Parts, mesh: Mesh = { model: 8 }) => figuresOf(served(parts), mesh)

describe('an engine', () => {
  it('reads and holds quantized weights as they are stored', () => {
    const [bf16, int8, int4] = (['bf16', 'int8', 'int4'] as const).map((weight_dtype) => figures({ run: { weight_dtype } }))
    expect(int8!.memory.parameters).toBeCloseTo(bf16!.memory.parameters / 2, -3)
    expect(int8!.memory.required).toBeLessThan(bf16!.memory.required)
    expect(int4!.memory.required).toBeLessThan(int8!.memory.required)
    // the reading of the weights halves; layers and host stay
    const saved = bf16!.timing.step - int8!.timing.step
    expect(saved / (bf16!.timing.hbm - int8!.timing.hbm)).toBeCloseTo(1, 1)
    expect(int8!.timing.hbm / bf16!.timing.hbm).toBeCloseTo(0.5, 1)
  })

  it('says how many requests its cache holds where it cannot hold all', () => {
    const run = { global_batch: 200, seq_len: 5120, weight_dtype: 'fp8' as const }
    const { memory, warnings } = verdictOfMesh(served({ run }), { model: 8 })
    expect(memory?.fits).toBe(false)
    const held = Number(/holds (\d+) of 200/.exec(warnings.find(({ rule }) => rule === 'cache_full')?.message ?? '')?.[1])
    expect(verdictOfMesh(served({ run: { ...run, global_batch: held } }), { model: 8 }).memory?.margin).toBeGreaterThanOrEqual(0)
    expect(verdictOfMesh(served({ run: { ...run, global_batch: held + 4 } }), { model: 8 }).memory?.margin).toBeLessThan(0)
    // what cannot hold even one does not run
    expect(verdictOfMesh(served({ run: { ...run, weight_dtype: 'f32' } }), { model: 8 }).warnings.map(({ rule }) => rule)).not.toContain(
      'cache_full',
    )
  })

  it('spreads the experts of one vLLM server over all its devices', () => {
    const experts = (framework: 'vllm' | 'sglang', mesh: Mesh) =>
      verdictOfMesh(served({ framework, model: 'qwen3-30b-a3b', run: { global_batch: 128 } }), mesh).legal
    expect(experts('vllm', { replica: 2, expert: 4 })).toBe(false)
    expect(experts('vllm', { expert: 8 })).toBe(true)
    expect(experts('vllm', { model: 2, expert: 4 })).toBe(true)
    expect(experts('sglang', { replica: 2, expert: 4 })).toBe(true)
  })

  it('does not warn of fewer requests than devices', () => {
    expect(verdictOfMesh(served(), { model: 8 }).warnings.map(({ rule }) => rule)).not.toContain('fractional_batch')
  })

  it('holds one KV head a device where the model axis is longer than the heads', () => {
    const run = { global_batch: 32, seq_len: 8192 }
    const parts = { topology: '4x8', run }
    // 80 layers, one head of 128 a device, K and V, two bytes
    expect(figures(parts, { model: 32 }).memory.kvCache).toBe(32 * 8192 * 80 * 128 * 2 * 2)
    expect(figures(parts, { model: 16, replica: 2 }).memory.kvCache).toBe((32 / 2) * 8192 * 80 * 128 * 2 * 2)
  })

  it('holds the window of windowed layers, a latent for MLA, and every published deployment', () => {
    const gemma = figures({ model: 'gemma3-12b', run: { global_batch: 8, seq_len: 131_072 } })
    expect(gemma.margin).toBeGreaterThan(0.4)
    const deepseek = { chip: 'tpu7x', topology: '2x2x2', model: 'deepseek3-671b' } as const
    const r1 = figures({ ...deepseek, run: { global_batch: 128, seq_len: 8192, weight_dtype: 'fp8' } }, { expert: 16 })
    expect(r1.memory.kvCache).toBe((128 / 16) * 8192 * 61 * 576 * 2)
    expect(r1.margin).toBeGreaterThan(0)
    const qwen = { chip: 'tpu7x', topology: '2x2x1', model: 'qwen3-480b-a35b' } as const
    const fp8 = { weight_dtype: 'fp8', matmul_dtype: 'fp8', kv_dtype: 'fp8' } as const
    expect(figures({ ...qwen, run: { global_batch: 64, seq_len: 1536, ...fp8 } }).margin).toBeGreaterThan(0)
  })

  it('refuses axes that it does not have', () => {
    const rules = (mesh: Mesh) =>
      verdictOfMesh(served({ run: { global_batch: 8, seq_len: 1024 } }), mesh, {}).violations.map(({ rule }) => rule)
    expect(rules({ data: 2, model: 4 })).toContain('framework')
    expect(rules({ seq: 2, model: 4 })).toContain('framework')
    expect(rules({ replica: 2, model: 4 })).toEqual([])
  })

  it('gives percentiles for a request mix, and a step that its prefill lengthens', () => {
    const run = { global_batch: 64, seq_len: 1500 }
    const alone = verdictOfMesh(served({ run }), { model: 8 }, {}).estimate!
    const mixed = verdictOfMesh(served({ run: { ...run, input_len: 1000, output_len: 1000 } }), { model: 8 }, {}).estimate!
    expect(alone.tpot_p99_ms).toBeNull()
    expect(mixed.tpot_p99_ms!).toBeGreaterThanOrEqual(mixed.tpot_ms!)
    expect(mixed.ttft_p99_ms!).toBeGreaterThanOrEqual(mixed.ttft_ms!)
    expect(mixed.step_time_ms).toBeGreaterThan(alone.step_time_ms)
  })
})
