import type { Model } from '../../src/contract/model.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { flatForm } from '../../src/planner/model/flat-model.ts'
import { type ResolvedModel, resolveLayers } from '../../src/planner/model/resolved-model.ts'
import type { Workload } from '../../src/planner/workload.ts'

/** A model of the flat form. */
export function flatModel(dims: Model): ResolvedModel {
  return resolveLayers(dims)
}

/** A model with some of its flat dims replaced. */
export function withDims(model: ResolvedModel, dims: Partial<Model>): ResolvedModel {
  const { attention_window: window, ...flat } = flatForm(model)!
  return resolveLayers({ ...flat, ...(window === null ? {} : { attention_window: window }), name: model.name ?? undefined, ...dims })
}

/** A Llama-2-7B training step on v5e 4x4, with whatever differs. */
export function exampleWorkload(overrides: Partial<Workload> = {}): Workload {
  return {
    id: 'exp-123',
    framework: 'maxtext',
    phase: 'train',
    objective: 'throughput',
    slo: {},
    tune: ['mesh'],
    chip: { ...findChip('v5e'), dcn_gbps_per_chip: null },
    slice: { chip: 'v5e', name: 'v5e-16', dims: [4, 4], wrap: [false, false], chips: 16, hosts: 4, devicesPerChip: 1, devices: 16 },
    slices: 1,
    model: flatModel({
      name: 'llama2-7b',
      layers: 32,
      embed: 4096,
      mlp: 11008,
      heads: 32,
      kv_heads: 32,
      head_dim: 128,
      vocab: 32000,
    }),
    run: {
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
    },
    mesh: { data: 16 },
    dcn: {},
    measured: {},
    ...overrides,
  }
}
