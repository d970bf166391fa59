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

  it('leaves weights where they are when what cuts them cuts no token of a step', () => {
    const job = workloadOf(decode)
    const cut = figuresOf(job, { seq: 8 }).timing
    // each device multiplies its eighth of the weights, and sums of a few rows cross the links
    expect(cut.exposedBy.weights).toBe(0)
    expect(cut.step).toBeLessThan(0.5 * figuresOf(job, { data: 8 }).timing.step)
    expect(cut.hbm).toBeLessThan(1.05 * figuresOf(job, { model: 8 }).timing.hbm)
    expect(cut.exposedBy.keys).toBeGreaterThan(0)
    // beside an axis that cuts the tokens they are gathered
    expect(figuresOf(job, { data: 2, seq: 4 }).timing.exposedBy.weights).toBeGreaterThan(0)
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
