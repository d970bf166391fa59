import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { chipSchema } from '../../../src/contract/chip-schema.ts'
import { meshSchema } from '../../../src/contract/mesh.ts'
import type { Model } from '../../../src/contract/model.ts'
import { findChip } from '../../../src/knowledge/data/chips.ts'
import { findSlice } from '../../../src/knowledge/data/topologies.ts'
import { type ResolvedModel, resolveLayers } from '../../../src/planner/model/resolved-model.ts'
import type { ResolvedRun, Workload } from '../../../src/planner/workload.ts'

/** One program that the real TPU compiler judged. */
export interface CompiledCase {
  id: string
  /** Same group, other mesh: a contrast. */
  group: string
  source: 'reference' | 'maxtext'
  workload: Workload
  status: 'fits' | 'oom'
  requiredGib: number
  /** Replayed step time of the full-effort schedule, where there is one. */
  replayMs: number | null
}

const resultsPath = 'bench/recorded/reference-program.jsonl'
const maxtextPath = '../shared/data/maxtext/aot_verdicts.json'

const nullable = <T extends z.ZodType>(schema: T) => schema.nullish()
const resultSchema = z.object({
  id: z.string(),
  group: z.string(),
  chip: chipSchema,
  model: z.string(),
  request: z.object({
    target: z.object({ platform_topology: z.string(), num_slices: z.number() }),
    model: z.record(z.string(), z.unknown()),
    phase: z.enum(['train', 'prefill', 'decode']),
    run: z.record(z.string(), z.unknown()),
    mesh: meshSchema,
    dcn: meshSchema,
  }),
  response: z.object({ status: z.string(), required_gib: nullable(z.number()), effort: nullable(z.string()) }),
})

/** Every full-effort verdict of the reference program in `bench/recorded/reference-program.jsonl`; the last of a key counts. */
export function referenceCases(): CompiledCase[] {
  const byId = new Map<string, CompiledCase>()
  for (const line of readFileSync(resultsPath, 'utf8').split('\n')) {
    if (line.trim() === '') continue
    const { id, group, chip, model, request, response } = resultSchema.parse(JSON.parse(line))
    if (response.effort !== 'full' || (response.status !== 'fits' && response.status !== 'oom') || response.required_gib == null) continue
    const shape = request.target.platform_topology.split(':')[1]!
    byId.set(id, {
      id,
      group,
      source: 'reference',
      workload: {
        id: group,
        framework: 'jax',
        phase: request.phase,
        objective: 'throughput',
        slo: {},
        tune: ['mesh'],
        chip: findChip(chip),
        slice: findSlice(chip, shape),
        slices: request.target.num_slices,
        model: resolveModel(model, request.model),
        run: resolveRun(request.run),
        mesh: request.mesh,
        dcn: request.dcn,
        measured: {},
      },
      status: response.status,
      requiredGib: response.required_gib,
      replayMs: null,
    })
  }
  return [...byId.values()]
}

/** The ten MaxText programs of the shared data. */
export function maxtextCases(): CompiledCase[] {
  const rows: unknown = JSON.parse(readFileSync(maxtextPath, 'utf8'))
  return z.array(z.record(z.string(), z.unknown())).parse(rows).map(maxtextCase)
}

function maxtextCase(row: Record<string, unknown>): CompiledCase {
  const number = (key: string) => Number(row[key])
  const chip = chipSchema.parse(String(row.compile_topology).split('-')[0])
  const slice = findSlice(chip, String(row.compile_topology))
  const data = number('ici_fsdp_parallelism')
  const used = data * number('ici_tensor_parallelism') * number('ici_context_parallelism') * number('ici_expert_parallelism')
  const moe = number('num_experts') > 1
  return {
    id: String(row.id),
    group: `maxtext-${row.model_name}-${row.compile_topology}`,
    source: 'maxtext',
    workload: {
      id: String(row.id),
      framework: 'maxtext',
      phase: 'train',
      objective: 'throughput',
      slo: {},
      tune: ['mesh'],
      chip: findChip(chip),
      slice,
      slices: 1,
      model: resolveModel(String(row.model_name), {
        layers: number('base_num_decoder_layers'),
        embed: number('base_emb_dim'),
        mlp: moe ? number('base_moe_mlp_dim') : number('base_mlp_dim'),
        heads: number('base_num_query_heads'),
        kv_heads: number('base_num_kv_heads'),
        head_dim: number('head_dim'),
        vocab: number('vocab_size'),
        gated_mlp: String(row.mlp_activations).includes('linear'),
        tied_embeddings: row.logits_via_embedding === 'True',
        experts: number('num_experts'),
        experts_per_token: number('num_experts_per_tok'),
      }),
      run: resolveRun({
        global_batch: number('global_batch_size_to_train_on'),
        seq_len: number('max_target_length'),
        remat: String(row.remat_policy),
        attention: 'flash',
      }),
      // what the listed axes leave of the slice is ici_data_parallelism
      mesh: {
        replica: slice.devices / used,
        data,
        seq: number('ici_context_parallelism'),
        model: number('ici_tensor_parallelism'),
        expert: number('ici_expert_parallelism'),
      },
      dcn: {},
      measured: {},
    },
    status: row.verdict === 'fits' ? 'fits' : 'oom',
    requiredGib: number('required_gib'),
    replayMs: null,
  }
}

/** A model object of a request, in the flat form or as groups. */
export function resolveModel(name: string, dims: Record<string, unknown>): ResolvedModel {
  const { groups, ...given } = Object.fromEntries(Object.entries(dims).filter(([, value]) => value != null))
  const experts = Math.max(1, Number(given.experts ?? 1))
  const flat = groups === undefined ? { experts } : { layers: groups }
  return resolveLayers({ ...given, ...flat, name } as Model)
}

/** A run object with the contract's defaults. */
export function resolveRun(given: Record<string, unknown>): ResolvedRun {
  const activation = given.activation_dtype ?? 'bf16'
  const weight = given.weight_dtype ?? 'f32'
  return {
    microbatches: 1,
    pipeline_microbatches: null,
    activation_dtype: activation,
    matmul_dtype: activation,
    weight_dtype: weight,
    optimizer_dtype: 'f32',
    gradient_dtype: weight,
    kv_dtype: 'bf16',
    optimizer: 'adamw',
    remat: 'full',
    attention: 'flash',
    moe: 'dropping',
    capacity_factor: null,
    output_len: null,
    flags: {},
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)),
  } as ResolvedRun
}
