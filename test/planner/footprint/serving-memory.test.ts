import { describe, expect, it } from 'vitest'
import { figuresOf } from '../figures.ts'
import { workloadOf } from '../workloads.ts'

const decode = { phase: 'decode', model: 'llama3.1-8b', run: { global_batch: 64, seq_len: 8192, weight_dtype: 'bf16' } } as const

describe('the KV cache', () => {
  it('is two tensors a layer of KV heads times head dim a token, in its own dtype', () => {
    const { kvCache } = figuresOf(workloadOf(decode), { model: 8, data: 8 }).memory
    // 64 sequences ÷ 8, 8192 tokens, 32 layers, 8 KV heads ÷ 8, head dim 128, K and V, 2 bytes
    expect(kvCache).toBe((64 / 8) * 8192 * 32 * (8 / 8) * 128 * 2 * 2)
    const int8 = workloadOf({ ...decode, run: { ...decode.run, kv_dtype: 'int8' } })
    expect(figuresOf(int8, { model: 8, data: 8 }).memory.kvCache).toBe(kvCache / 2)
  })

  it('is replicated over the model axis where that does not divide the KV heads', () => {
    const whole = figuresOf(workloadOf(decode), { data: 8, model: 8 }).memory.kvCache
    const replicated = figuresOf(workloadOf(decode), { data: 4, model: 16 }).memory.kvCache
    expect(replicated).toBe(whole * 16)
  })
})

describe('serving', () => {
  it('holds no gradients and no optimizer, and its parts add up', () => {
    const { required, ...parts } = figuresOf(workloadOf(decode), { data: 8, model: 8 }).memory
    expect(parts).toMatchObject({ gradients: 0, optimizer: 0 })
    expect(Object.values(parts).reduce((a, b) => a + b, 0)).toBeCloseTo(required, 0)
  })

  it('needs more for a prefill of the same sequences than for a decoding step', () => {
    const prefill = workloadOf({ ...decode, phase: 'prefill' })
    expect(figuresOf(prefill, { data: 8, model: 8 }).memory.required).toBeGreaterThan(
      figuresOf(workloadOf(decode), { data: 8, model: 8 }).memory.required,
    )
  })
})
