import { describe, expect, it } from 'vitest'
import type { Experiment } from '../../src/contract/experiment.ts'
import { PromptsError } from '../../src/errors.ts'
import { type Catalog, resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'

const catalog: Catalog = { findChip, findSlice, resolveModel }

const dims = { layers: 32, embed: 4096, mlp: 11008, heads: 32, kv_heads: 32, head_dim: 128, vocab: 32000 }
const minimal: Experiment = {
  id: 'exp-1',
  hardware: { chip: 'v5e', topology: '4x4' },
  phase: 'train',
  model: dims,
  run: { global_batch: 64, seq_len: 2048 },
}
const resolve = (changes: Partial<Experiment> = {}) => resolveWorkload({ ...minimal, ...changes }, catalog)
const thrown = (changes: Partial<Experiment>): PromptsError => {
  try {
    resolve(changes)
  } catch (error) {
    if (error instanceof PromptsError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('resolveWorkload', () => {
  it('fills in every default of training', () => {
    const workload = resolve()
    expect(workload).toMatchObject({
      id: 'exp-1',
      framework: 'maxtext',
      objective: 'throughput',
      slo: {},
      tune: ['mesh'],
      slices: 1,
      mesh: null,
      dcn: {},
      measured: {},
    })
    expect(workload.run).toEqual({
      global_batch: 64,
      seq_len: 2048,
      microbatches: 1,
      pipeline_microbatches: null,
      activation_dtype: 'bf16',
      matmul_dtype: 'bf16',
      weight_dtype: 'f32',
      optimizer_dtype: 'f32',
      gradient_dtype: 'f32',
      kv_dtype: 'bf16',
      optimizer: 'adamw',
      remat: 'full',
      attention: 'flash',
      moe: 'dropless',
      capacity_factor: null,
      output_len: null,
      input_len: null,
      concurrency: null,
      flags: {},
    })
    expect(workload.model).toMatchObject({
      name: null,
      tied_embeddings: false,
      extra_parameters: 0,
      moeLayers: 0,
      kinds: [{ attention: { kind: 'full' }, mlp: { kind: 'dense', gated: true } }],
    })
    expect(workload.slice).toMatchObject({ name: 'v5e-16', devices: 16, wrap: [false, false] })
    expect(workload.chip).toMatchObject({ bf16_tflops: 197 })
  })

  it('lets dtypes follow those that they default to', () => {
    const { run } = resolve({ run: { ...minimal.run, activation_dtype: 'f32', weight_dtype: 'bf16' } })
    expect(run).toMatchObject({ matmul_dtype: 'f32', gradient_dtype: 'bf16', optimizer_dtype: 'bf16', kv_dtype: 'bf16' })
    const int8 = resolve({ run: { ...minimal.run, matmul_dtype: 'int8', kv_dtype: 'int8' } }).run
    expect(int8).toMatchObject({ matmul_dtype: 'int8', activation_dtype: 'bf16', kv_dtype: 'int8' })
  })

  it('serves without an optimizer and keeps nothing for a backward pass', () => {
    for (const phase of ['prefill', 'decode'] as const) expect(resolve({ phase }).run).toMatchObject({ optimizer: 'none', remat: 'none' })
  })

  it('takes a capacity factor to mean dropping', () => {
    expect(resolve({ run: { ...minimal.run, capacity_factor: 1.25 } }).run).toMatchObject({ moe: 'dropping', capacity_factor: 1.25 })
    expect(resolve({ run: { ...minimal.run, moe: 'dropping' } }).run).toMatchObject({ moe: 'dropping', capacity_factor: null })
  })

  it('knows slices by name, by shape and as Google Cloud calls them', () => {
    expect(resolve({ hardware: { chip: 'v5p', topology: 'v5p-128' } }).slice).toMatchObject({ dims: [4, 4, 4], devices: 64, chips: 64 })
    expect(resolve({ hardware: { chip: 'v5p', topology: '4x4x4' } }).slice.name).toBe('v5p-128')
    expect(resolve({ hardware: { chip: 'v5e', topology: 'v5litepod-16' } }).slice.name).toBe('v5e-16')
    expect(resolve({ hardware: { chip: 'tpu7x', topology: 'tpu7x-128', slices: 2 } })).toMatchObject({
      slices: 2,
      slice: { chips: 64, devices: 128, devicesPerChip: 2 },
    })
  })

  it('drops axes of 1 from the meshes and keeps a mesh of nothing else', () => {
    expect(resolve({ mesh: { data: 16, model: 1 }, dcn: { data: 1 } })).toMatchObject({ mesh: { data: 16 }, dcn: {} })
    expect(resolve({ mesh: { data: 16, model: 1 } }).mesh).not.toHaveProperty('model')
    expect(resolve({ mesh: { data: 1 } }).mesh).toEqual({})
  })

  it('names the nearest model and slice', () => {
    expect(thrown({ model: 'lama2-70b' })).toMatchObject({ code: 'unknown_model', hint: expect.stringContaining('llama2-70b') })
    expect(thrown({ hardware: { chip: 'v5p', topology: 'v5p-129' } })).toMatchObject({
      code: 'unknown_topology',
      hint: expect.stringContaining('v5p-128'),
    })
    expect(thrown({ hardware: { chip: 'v5e', topology: '4x4x4' } }).code).toBe('unknown_topology')
    expect(thrown({ hardware: { chip: 'v5e', topology: '16x32' } }).code).toBe('unknown_topology')
  })

  it.each([
    [{ model: { ...dims, heads: 32, kv_heads: 5 } }, 'heads 32 is not a multiple of model.kv_heads 5'],
    [{ model: { ...dims, experts: 8, experts_per_token: 9 } }, 'experts_per_token 9 is more than model.experts 8'],
    [{ model: { ...dims, experts: 8, experts_per_token: 2, dense_layers: 33 } }, 'dense_layers 33 is more than model.layers 32'],
    [{ model: { ...dims, dense_layers: 3 } }, 'dense_layers 3 in a model without experts'],
    [{ run: { ...minimal.run, microbatches: 65 } }, 'microbatches 65 is more than run.global_batch 64'],
  ] satisfies [Partial<Experiment>, string][])('refuses %j', (changes, message) => {
    const error = thrown(changes)
    expect(error.code).toBe('bad_experiment')
    expect(error.message).toContain('exp-1')
    expect(error.message).toContain(message)
    expect(error.hint).not.toBe('')
  })
})
