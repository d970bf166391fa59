import { isEngine } from '../contract/experiment.ts'
import { type Axis, axes } from '../contract/mesh.ts'
import type { Rule } from '../contract/verdict.ts'
import type { MeshTuple } from '../interconnect/mesh-tuple.ts'
import { hasNoBlock } from './attention-blocks.ts'
import { showSizes, sizeOf } from './model/resolved-model.ts'
import { degree, type PlacedMesh, showDegree } from './placed-mesh.ts'
import { exchangesHeads } from './run-flags.ts'

/**
 * One reason for which a mesh cannot run. `broken` is asked for every candidate and allocates nothing; `message` carries both
 * numbers and is written only for meshes that somebody looks at.
 */
export interface LegalityRule {
  rule: Rule
  axis: Axis | null
  broken: (mesh: PlacedMesh) => boolean
  message: (mesh: PlacedMesh) => string
}

/** The rules of axis sizes, in the order in which violations are shown. The physical mesh is judged beside them. */
export const legalityRules: readonly LegalityRule[] = [
  {
    rule: 'device_count',
    axis: null,
    broken: ({ iciProduct, workload }) => iciProduct !== workload.slice.devices,
    message: ({ ici, iciProduct, workload }) => `${showProduct(ici)} = ${iciProduct}, but the slice has ${workload.slice.devices} devices`,
  },
  {
    rule: 'slices',
    axis: null,
    broken: ({ dcnProduct, workload }) => dcnProduct !== workload.slices,
    message: ({ dcn, dcnProduct, workload }) =>
      `dcn ${showProduct(dcn)} = ${dcnProduct}, but the job has ${workload.slices} ${workload.slices === 1 ? 'slice' : 'slices'}`,
  },
  {
    rule: 'heads_divisible',
    axis: 'model',
    broken: (mesh) => mesh.workload.model.divisors.heads % degree(mesh, 'model') !== 0,
    message: (mesh) => `${showSizes(mesh.workload.model, sizeOf.heads)} heads do not divide by ${showDegree(mesh, 'model')}`,
  },
  {
    // MaxText (attentions.py, _validate_kv_head_sharding) raises unless tensor divides num_kv_heads. Pax and plain JAX replicate:
    // a warning.
    rule: 'kv_heads_divisible',
    axis: 'model',
    broken: (mesh) => mesh.workload.framework === 'maxtext' && mesh.workload.model.divisors.kvHeads % degree(mesh, 'model') !== 0,
    message: (mesh) =>
      `KV heads ${showSizes(mesh.workload.model, sizeOf.kvHeads)} do not divide by ${showDegree(mesh, 'model')}, which MaxText refuses`,
  },
  {
    rule: 'heads_divisible',
    axis: 'seq',
    broken: (mesh) => {
      const { divisors } = mesh.workload.model
      const heads = degree(mesh, 'model') * degree(mesh, 'seq')
      return exchangesHeads(mesh.workload.run.flags) && (divisors.heads % heads !== 0 || divisors.kvHeads % heads !== 0)
    },
    message: (mesh) => {
      const { model } = mesh.workload
      const heads = `${showSizes(model, sizeOf.heads)} heads and ${showSizes(model, sizeOf.kvHeads)} KV heads`
      return `context_parallel_strategy=ulysses exchanges heads: ${heads} do not both divide by model × seq = ${degree(mesh, 'model') * degree(mesh, 'seq')}`
    },
  },
  {
    rule: 'mlp_divisible',
    axis: 'model',
    broken: (mesh) => mesh.workload.model.divisors.mlp % degree(mesh, 'model') !== 0,
    message: (mesh) => `mlp ${showSizes(mesh.workload.model, sizeOf.mlp)} does not divide by ${showDegree(mesh, 'model')}`,
  },
  {
    rule: 'experts_divisible',
    axis: 'expert',
    broken: (mesh) => mesh.workload.model.divisors.experts % degree(mesh, 'expert') !== 0,
    message: (mesh) =>
      mesh.workload.model.moeLayers === 0
        ? `${showDegree(mesh, 'expert')}, but the model is dense: it has no experts to divide`
        : `${showSizes(mesh.workload.model, sizeOf.experts)} experts do not divide by ${showDegree(mesh, 'expert')}`,
  },
  {
    rule: 'layers_divisible',
    axis: 'stage',
    broken: (mesh) => pipelinedLayers(mesh) % degree(mesh, 'stage') !== 0,
    message: (mesh) => `${showPipelined(mesh)} do not divide by ${showDegree(mesh, 'stage')}`,
  },
  {
    // MaxText's context parallelism balances causal work by giving each device two chunks (max_utils.py, reorder_sequence).
    rule: 'sequence_divisible',
    axis: 'seq',
    broken: (mesh) => {
      const seq = degree(mesh, 'seq')
      return seq > 1 && mesh.workload.run.seq_len % seq !== 0
    },
    message: (mesh) => `seq_len ${mesh.workload.run.seq_len} does not divide by ${showDegree(mesh, 'seq')}`,
  },
  {
    rule: 'sequence_divisible',
    axis: 'seq',
    broken: (mesh) => {
      const seq = degree(mesh, 'seq')
      if (seq === 1 || !isMaxTextTraining(mesh) || mesh.workload.run.seq_len % seq !== 0) return false
      return seq % 2 !== 0 || mesh.workload.run.seq_len % (2 * seq) !== 0
    },
    message: (mesh) =>
      degree(mesh, 'seq') % 2 !== 0
        ? `${showDegree(mesh, 'seq')} is odd, and MaxText's load-balanced context parallelism takes even sizes only`
        : `seq_len ${mesh.workload.run.seq_len} does not divide by ${2 * degree(mesh, 'seq')}: MaxText gives each of ${showDegree(mesh, 'seq')} devices two chunks`,
  },
  {
    // MaxText's flash kernel takes blocks of a multiple of 128 tokens that divide a shard of the sequence.
    rule: 'sequence_divisible',
    axis: 'seq',
    broken: (mesh) => isMaxTextTraining(mesh) && hasNoBlock(mesh.workload.run, degree(mesh, 'seq')),
    message: (mesh) =>
      `seq_len ${mesh.workload.run.seq_len} ÷ ${showDegree(mesh, 'seq')} = ${mesh.workload.run.seq_len / degree(mesh, 'seq')} is not a multiple of 128, which MaxText's flash attention needs`,
  },
  {
    rule: 'batch_divisible',
    axis: null,
    broken: ({ batch, batchShards }) => batch % batchShards !== 0,
    message: ({ batch, batchShards, workload }) => {
      const { global_batch: globalBatch, microbatches } = workload.run
      if (!Number.isInteger(batch)) return `global_batch ${globalBatch} does not divide by microbatches ${microbatches}`
      const of =
        batch === globalBatch ? `global_batch ${globalBatch}` : `global_batch ${globalBatch} ÷ microbatches ${microbatches} = ${batch}`
      return `${of} does not divide by replica × data × expert = ${batchShards}`
    },
  },
  {
    // MaxText (types.py): num_pipeline_microbatches must be a multiple of the stages.
    rule: 'batch_divisible',
    axis: 'stage',
    broken: (mesh) => mesh.workload.framework === 'maxtext' && pipelineMicrobatches(mesh) % degree(mesh, 'stage') !== 0,
    message: (mesh) => `pipeline_microbatches ${pipelineMicrobatches(mesh)} is not a multiple of ${showDegree(mesh, 'stage')}`,
  },
  {
    rule: 'batch_divisible',
    axis: 'stage',
    broken: (mesh) => degree(mesh, 'stage') > 1 && Number.isInteger(mesh.batch) && mesh.batch % pipelineMicrobatches(mesh) !== 0,
    message: (mesh) => `a batch of ${mesh.batch} does not divide by pipeline_microbatches ${pipelineMicrobatches(mesh)}`,
  },
  {
    rule: 'framework',
    axis: 'stage',
    broken: (mesh) => mesh.workload.phase !== 'train' && degree(mesh, 'stage') > 1,
    message: (mesh) => `${showDegree(mesh, 'stage')}: a pipeline is for training; serving runs every layer on every device`,
  },
  {
    rule: 'framework',
    axis: 'data',
    broken: (mesh) => isEngine(mesh.workload.framework) && degree(mesh, 'data') > 1,
    message: (mesh) =>
      `${showDegree(mesh, 'data')}: ${mesh.workload.framework} does not cut weights over the batch; replica (data parallel) or expert do`,
  },
  {
    rule: 'framework',
    axis: 'seq',
    broken: (mesh) => isEngine(mesh.workload.framework) && degree(mesh, 'seq') > 1,
    message: (mesh) => `${showDegree(mesh, 'seq')}: ${mesh.workload.framework} on TPU does not cut the cache by its length`,
  },
  {
    // vLLM's expert parallelism spans tensor × data parallel devices (docs: Expert Parallel Deployment): no flag says fewer.
    rule: 'framework',
    axis: 'expert',
    broken: (mesh) =>
      mesh.workload.framework === 'vllm' && mesh.workload.phase !== 'train' && mesh.ici[0] > 1 && degree(mesh, 'expert') > 1,
    message: (mesh) =>
      `${showDegree(mesh, 'expert')} beside replica=${mesh.ici[0]}: one vLLM server spreads its experts over all its devices; run ${mesh.ici[0]} servers, each on a slice of its own`,
  },
  {
    // Paxml's meshes are [replica, data, mdl], or [stage, replica, data, mdl] with a pipeline; experts lie along data.
    rule: 'framework',
    axis: 'expert',
    broken: (mesh) => mesh.workload.framework === 'pax' && degree(mesh, 'expert') > 1,
    message: (mesh) => `${showDegree(mesh, 'expert')}: Pax has no expert axis, it spreads experts over data`,
  },
]

function showPipelined(mesh: PlacedMesh): string {
  const { model } = mesh.workload
  const units = pipelinedLayers(mesh)
  if (units === model.layers) return `${units} layers`
  if (units === model.layers - model.leadingDense) return `${units} MoE layers (of ${model.layers}; MaxText pipelines only these)`
  return units === 1 ? `${model.layers} layers that are no one repeated pattern` : `${units} repeats of the layers' pattern`
}

/**
 * What a pipeline divides: layers, or repeats of their pattern; in MaxText without the dense layers before the first with experts
 * (types.py).
 */
function pipelinedLayers(mesh: PlacedMesh): number {
  const { model, framework } = mesh.workload
  return framework === 'maxtext' || model.leadingDense === 0 ? model.pipelineUnits : model.layers
}

export function pipelineMicrobatches(mesh: PlacedMesh): number {
  const stages = degree(mesh, 'stage')
  return stages === 1 ? 1 : (mesh.workload.run.pipeline_microbatches ?? stages)
}

export function isMaxTextTraining({ workload }: PlacedMesh): boolean {
  return workload.framework === 'maxtext' && workload.phase === 'train'
}

/** `data 8 × model 4`, or `1` when every axis is 1. */
function showProduct(tuple: MeshTuple): string {
  const parts = axes.flatMap((axis, i) => (tuple[i] === 1 ? [] : [`${axis} ${tuple[i]}`]))
  return parts.length > 0 ? parts.join(' × ') : '1'
}
