import { describe, expect, it } from 'vitest'
import { figuresOf } from '../figures.ts'
import { workloadOf } from '../workloads.ts'

const decode = {
  phase: 'decode',
  model: 'llama3.1-8b',
  topology: '2x2x2',
  run: { global_batch: 64, seq_len: 8192, weight_dtype: 'bf16' },
} as const

describe('decoding', () => {
  it('is slow when weights are sharded over data and must be gathered for every token', () => {
    const tensor = figuresOf(workloadOf(decode), { model: 8 }).timing
    const fsdp = figuresOf(workloadOf(decode), { data: 8 }).timing
    expect(fsdp.step).toBeGreaterThan(2 * tensor.step)
  })

  it('is bound by HBM, and longer with a longer context', () => {
    const short = figuresOf(workloadOf({ ...decode, run: { ...decode.run, seq_len: 1024 } }), { model: 8 }).timing
    const long = figuresOf(workloadOf(decode), { model: 8 }).timing
    expect(long.hbm).toBeGreaterThan(long.compute)
    expect(long.step).toBeGreaterThan(short.step)
  })
})

describe('prefill', () => {
  it('is bound by compute', () => {
    const { compute, hbm } = figuresOf(workloadOf({ ...decode, phase: 'prefill', run: { ...decode.run, global_batch: 8 } }), {
      model: 8,
    }).timing
    expect(compute).toBeGreaterThan(hbm)
  })
})
