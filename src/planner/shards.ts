import { type MeshTuple, tupleProduct } from '../interconnect/mesh-tuple.ts'
import type { ResolvedModel } from './model/resolved-model.ts'
import type { EngineLaws } from './serving/engine-laws.ts'

/**
 * How many ways each dimension is cut on one mesh, by the rules that the reference program and MaxText share
 * (`src/compiler/python/reference_program/sharding.py`): an axis that does not divide a dimension is left out for it.
 */
export interface Shards {
  /** Sizes of the axes over the whole job: inside a slice times across slices. */
  replica: number
  stage: number
  data: number
  seq: number
  model: number
  expert: number
  /** Devices of one slice. */
  sliceDevices: number
  slices: number
  /** The batch is cut over replica, data and expert. */
  batch: number
  /** FSDP shards of a dense weight's embed dimension: data, seq, expert. */
  weights: number
  /** FSDP shards of an expert weight's embed dimension: data, seq. */
  expertWeights: number
  /** KV heads fewer than `model` lie one on a device, as serving engines lay them; otherwise they are whole on every device. */
  spreadKv: boolean
  vocab: number
  /** Sharding of the residual stream's embed dimension. */
  embed: number
}

/** What of a program's laws decides how it cuts. */
export type ShardLaws = Pick<EngineLaws, 'spreadsKvHeads' | 'gathersWeights'>

export function shardsOf(model: ResolvedModel, options: { ici: MeshTuple; dcn: MeshTuple; laws: ShardLaws }): Shards {
  const { ici, dcn, laws } = options
  const replica = ici[0] * dcn[0]
  const stage = ici[1] * dcn[1]
  const data = ici[2] * dcn[2]
  const seq = ici[3] * dcn[3]
  const tensor = ici[4] * dcn[4]
  const expert = ici[5] * dcn[5]
  const { spreadsKvHeads: spreadKv, gathersWeights } = laws
  const expertWeights = gathersWeights ? dividing(model.embed, data, seq, 1) : 1
  return {
    replica,
    stage,
    data,
    seq,
    model: tensor,
    expert,
    sliceDevices: tupleProduct(ici),
    slices: tupleProduct(dcn),
    batch: replica * data * expert,
    weights: gathersWeights ? dividing(model.embed, data, seq, expert) : 1,
    expertWeights,
    spreadKv,
    vocab: model.vocab % tensor === 0 ? tensor : 1,
    embed: model.embed % tensor === 0 ? tensor : 1,
  }
}

/** Ways a layer's KV heads are cut: by the model axis where it divides them; where it does not, see `spreadKv`. */
export function kvShards(s: Shards, kvHeads: number): number {
  if (kvHeads % s.model === 0) return s.model
  return s.spreadKv && kvHeads > 0 ? kvHeads / Math.ceil(kvHeads / s.model) : 1
}

/** Ways that keys and values are cut where they are activations: MLA makes those of every query head from its latent. */
export function keyValueShards(s: Shards, attention: { kind: string; kvHeads: number }): number {
  return attention.kind === 'mla' ? s.model : kvShards(s, attention.kvHeads)
}

/** The product of the leading factors that divides `size`: trailing axes are left out until it does. */
function dividing(size: number, a: number, b: number, c: number): number {
  if (size % (a * b * c) === 0) return a * b * c
  if (size % (a * b) === 0) return a * b
  return size % a === 0 ? a : 1
}
