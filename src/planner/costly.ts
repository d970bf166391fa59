import { isEngine } from '../contract/experiment.ts'
import type { Axis } from '../contract/mesh.ts'
import type { Physical, Warning } from '../contract/verdict.ts'
import { axisIndex } from '../interconnect/mesh-tuple.ts'
import { type AttentionBlock, blocksToChange, longKeyBlock } from './attention-blocks.ts'
import { showSizes, sizeOf } from './model/resolved-model.ts'
import { degree, type PlacedMesh, showDegree } from './placed-mesh.ts'
import { isMaxTextTraining, pipelineMicrobatches } from './rules.ts'

/** What a legal mesh pays for beside its measured parts: replicated KV heads, padding, fractions of a sequence, slow links. */
export function costlyWarnings(mesh: PlacedMesh, physical: Physical): Warning[] {
  return checks.flatMap((check) => check(mesh, physical) ?? [])
}

type Check = (mesh: PlacedMesh, physical: Physical) => Warning | null

/** A tile of fewer columns than the vector unit's lanes is padded to them on every TPU. */
const lanes = 128

const checks: readonly Check[] = [
  (_, physical) =>
    warn(
      physical === 'split',
      'physical_split',
      () => 'JAX takes this mesh only with allow_split_physical_axes: axes share physical links',
    ),

  (mesh) => {
    const { kvHeads } = mesh.workload.model.divisors
    const model = degree(mesh, 'model')
    return warn(
      kvHeads % model !== 0,
      'kv_heads_replicated',
      () =>
        `KV heads ${showSizes(mesh.workload.model, sizeOf.kvHeads)} do not divide by ${showDegree(mesh, 'model')}: they are replicated, and so is their cache`,
    )
  },

  (mesh) => {
    const { mlp } = mesh.workload.model.divisors
    const model = degree(mesh, 'model')
    const side = mesh.workload.chip.mxu_side
    const share = mlp / model
    return warn(
      Number.isInteger(share) && share % side !== 0 && model > 1,
      'mlp_padding',
      () =>
        `mlp ${showSizes(mesh.workload.model, sizeOf.mlp)} ÷ ${showDegree(mesh, 'model')} = ${share} is not a multiple of ${side}, so matmul tiles are padded`,
    )
  },

  (mesh) => {
    const { vocab } = mesh.workload.model
    return warn(
      vocab % degree(mesh, 'model') !== 0,
      'vocab_padding',
      () => `vocab ${vocab} does not divide by ${showDegree(mesh, 'model')}: it is padded or stays whole on every device`,
    )
  },

  (mesh) => {
    const { embed } = mesh.workload.model
    const shards = degree(mesh, 'data') * degree(mesh, 'seq') * degree(mesh, 'expert')
    return warn(
      embed % shards !== 0,
      'weights_not_sharded',
      () => `embed ${embed} does not divide by data × seq × expert = ${shards}: weights are sharded over fewer devices than that`,
    )
  },

  (mesh) => {
    const devices = mesh.iciProduct * mesh.dcnProduct
    const each = mesh.batch / devices
    const absorbers = (['seq', 'model', 'stage'] as const).filter((axis) => degree(mesh, axis) > 1)
    const { framework, phase } = mesh.workload
    // an engine decodes whatever requests there are on all devices of a replica
    const engine = phase !== 'train' && isEngine(framework)
    return warn(
      !engine && each < 1 && mesh.batch % mesh.batchShards === 0,
      'fractional_batch',
      () =>
        `${mesh.batch} sequences on ${devices} devices, ${trim(each)} per device: ${absorbers.join(', ')} ${absorbers.length === 1 ? 'absorbs' : 'absorb'} the rest`,
    )
  },

  (mesh) => {
    const count = pipelineMicrobatches(mesh)
    const each = mesh.batch / count
    return warn(
      degree(mesh, 'stage') > 1 && Number.isInteger(each) && each % mesh.batchShards !== 0,
      'pipeline_padding',
      () => `a pipeline microbatch of ${each} sequences does not divide by replica × data × expert = ${mesh.batchShards} and is padded`,
    )
  },

  (mesh) => {
    const each = mesh.workload.run.seq_len / degree(mesh, 'seq')
    return warn(
      degree(mesh, 'seq') > 1 && Number.isInteger(each) && each % lanes !== 0,
      'short_sequence',
      () => `seq_len ${mesh.workload.run.seq_len} ÷ ${showDegree(mesh, 'seq')} = ${trim(each)} is not a multiple of ${lanes}`,
    )
  },

  (mesh) => {
    const { run } = mesh.workload
    const seq = degree(mesh, 'seq')
    const blocks = isMaxTextTraining(mesh) ? blocksToChange(run, seq) : []
    return warn(
      blocks.length > 0,
      'attention_block',
      () => `attention's blocks of queries are ${showBlocks(blocks)}, to divide a shard of ${run.seq_len / seq} tokens`,
    )
  },

  (mesh) => {
    const keys = isMaxTextTraining(mesh) ? longKeyBlock(mesh.workload.run) : null
    return warn(
      keys !== null,
      'attention_block',
      () => `sa_block_kv_dkv=${keys} instead of 512: a fused backward pass keeps a gradient of the queries for every block of keys`,
    )
  },

  (mesh) =>
    warn(
      mesh.workload.run.moe === 'dropless' && mesh.workload.model.moeLayers > 0 && degree(mesh, 'expert') > 1,
      'dropless_exchange',
      () => `${showDegree(mesh, 'expert')}: the time counts balanced routing; a dropless program exchanges through buffers for the worst`,
    ),

  (mesh) =>
    warn(
      mesh.workload.framework === 'maxtext' && mesh.workload.phase === 'decode' && degree(mesh, 'seq') > 1,
      'maxtext_cache_sequence',
      () =>
        `${showDegree(mesh, 'seq')}: MaxText's context axis leaves the KV cache whole in decode; ici_context_autoregressive_parallelism with inference.yml cuts it`,
    ),

  (mesh) =>
    warn(
      mesh.workload.framework === 'pax' && degree(mesh, 'seq') > 1,
      'pax_seq',
      () => `${showDegree(mesh, 'seq')}: Pax's own sharding annotations name replica, data and mdl; the task must name seq itself`,
    ),

  (mesh) =>
    warn(
      mesh.workload.phase !== 'train' && mesh.workload.run.microbatches > 1,
      'microbatches_ignored',
      () => `microbatches ${mesh.workload.run.microbatches} mean nothing outside training`,
    ),

  (mesh) => overDcn(mesh, 'seq', 'K and V are gathered'),
  (mesh) => overDcn(mesh, 'model', 'activations are reduced'),
  (mesh) => overDcn(mesh, 'expert', 'tokens are exchanged'),
]

/** `384 instead of 512`, once for what the blocks share. */
function showBlocks(blocks: readonly AttentionBlock[]): string {
  const changes = new Map<string, string[]>()
  for (const { name, said, fitting } of blocks) {
    const change = `${fitting} instead of ${said}`
    changes.set(change, [...(changes.get(change) ?? []), name])
  }
  return [...changes].map(([change, names]) => `${change} (${names.join(', ')})`).join(', ')
}

function overDcn(mesh: PlacedMesh, axis: Axis, what: string): Warning | null {
  return warn(
    mesh.dcn[axisIndex[axis]] > 1,
    `dcn_${axis}`,
    () =>
      `${showDegree(mesh, axis)}: ${what} between slices in every layer, over the slowest network; replica, data or stage cross it less`,
  )
}

function warn(applies: boolean, rule: string, message: () => string): Warning | null {
  return applies ? { rule, message: message() } : null
}

function trim(value: number): string {
  return String(Number(value.toPrecision(4)))
}
