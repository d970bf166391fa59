import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../../src/contract/mesh.ts'
import { servingConstants } from '../../../src/planner/serving/serving-constants.ts'
import { verdictOfMesh } from '../../../src/planner/verdict-of.ts'
import { figuresOf } from '../figures.ts'
import { workloadOf } from '../workloads.ts'

type Parts = Parameters<typeof workloadOf>[0]
const looped = (parts: Parts = {}) =>
  workloadOf({
    ...{ framework: 'maxtext', phase: 'decode', chip: 'v5e', topology: 'v5e-8', model: 'llama2-7b' },
    ...parts,
    run: { global_batch: 96, seq_len: 2048, weight_dtype: 'bf16', ...parts.run },
  })
const figures = (parts: Parts = {}, mesh: Mesh = { model: 8 }) => figuresOf(looped(parts), mesh)

describe("MaxText's decoding", () => {
  it('reads weights and the whole cache once, at the share of the bandwidth that was measured', () => {
    const { timing, memory } = figures()
    const hbm = 819e9
    const cache = memory.kvCache / (hbm * servingConstants.maxtext.cache_efficiency)
    const weights = memory.parameters / (hbm * 0.85)
    expect(timing.hbm / (cache + weights)).toBeGreaterThan(0.97)
    expect(timing.hbm / (cache + weights)).toBeLessThan(1.1)
  })

  it('has a host of its own: so much a step, so much a request', () => {
    const { host_ms: step, request_us: each } = servingConstants.maxtext
    expect(figures().timing.host).toBeCloseTo(step / 1000 + (96 * each) / 1e6, 9)
    expect(figures({ framework: 'jax' }).timing.host).toBe(0)
  })

  it('cuts layers out of one cache where the run scans them', () => {
    const scanned = figures({ run: { flags: { scan_layers: 'True' } } })
    expect(scanned.timing.hbm).toBeGreaterThan(2 * figures().timing.hbm)
    expect(scanned.memory.activations).toBeGreaterThan(figures().memory.activations)
  })

  it('computes prompts between its steps, and says what its latencies rest on', () => {
    const run = { input_len: 600, output_len: 300 }
    expect(figures({ run }).timing.step).toBeGreaterThan(figures().timing.step)
    // padded to the same power of two
    expect(figures({ run: { ...run, input_len: 1000 } }).timing.step / figures({ run }).timing.step).toBeLessThan(1.02)
    const { estimate } = verdictOfMesh(looped({ run }), { model: 8 })
    expect(estimate!.tpot_ms! / estimate!.step_time_ms).toBeGreaterThan(0.9)
    expect(estimate!.tpot_ms! / estimate!.step_time_ms).toBeLessThan(1.1)
    expect(estimate!.ttft_p99_ms!).toBeGreaterThanOrEqual(estimate!.ttft_ms!)
    expect(estimate!.validated).toMatch(/11 measured runs of decoding by JetStream/)
    expect(verdictOfMesh(looped({ framework: 'jax' }), { model: 8 }).estimate!.validated).toBeNull()
  })
})
