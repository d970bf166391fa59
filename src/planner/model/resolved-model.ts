import type { LayerGroup, Model } from '../../contract/model.ts'
import { type LayerKind, layerGroups, layerKinds } from './layer-groups.ts'

/**
 * A model with every default filled in and its layers counted; what follows from it is in `model-terms.ts` and `model-facts.ts`.
 */
export interface ResolvedModel {
  name: string | null
  /** What the layers cannot express of a model of the library, and which one its name was taken for. */
  notes?: readonly string[]
  embed: number
  vocab: number
  tied_embeddings: boolean
  extra_parameters: number
  /** The layers in order, as patterns. */
  groups: readonly LayerGroup[]
  /** The distinct layers, each with its count. */
  kinds: readonly LayerKind[]
  /** All layers, and those with experts. */
  layers: number
  moeLayers: number
  /** Dense layers before the first group with experts, which MaxText keeps outside a pipeline; 0 in a dense model. */
  leadingDense: number
  /**
   * What the stages of a pipeline divide: repeats of the pattern after the leading dense layers; 1 where the rest is no one
   * pattern.
   */
  pipelineUnits: number
  /**
   * What a mesh must divide: the greatest common divisors over all layers; 0 heads and widths where there are none, 1 expert in a
   * dense model.
   */
  divisors: { heads: number; kvHeads: number; mlp: number; experts: number }
}

export function resolveLayers(model: Model): ResolvedModel {
  const groups = layerGroups(model)
  const kinds = layerKinds(groups)
  const divisors = { heads: 0, kvHeads: 0, mlp: 0, experts: 0 }
  let layers = 0
  let moeLayers = 0
  for (const { attention, mlp, count } of kinds) {
    layers += count
    if (mlp?.kind === 'moe') moeLayers += count
    if (attention?.kind === 'mla') divisors.heads = gcd(divisors.heads, attention.heads)
    else if (attention !== null && attention.kind !== 'linear') {
      divisors.heads = gcd(divisors.heads, attention.heads)
      divisors.kvHeads = gcd(divisors.kvHeads, attention.kv_heads)
    }
    if (mlp !== null) divisors.mlp = gcd(gcd(divisors.mlp, mlp.width), mlp.kind === 'moe' ? (mlp.shared_width ?? 0) : 0)
    if (mlp?.kind === 'moe') divisors.experts = gcd(divisors.experts, mlp.experts)
  }
  divisors.experts ||= 1
  const body = moeLayers > 0 ? groups.findIndex(({ layers: pattern }) => pattern.some(({ mlp }) => mlp?.kind === 'moe')) : 0
  const leadingDense = groups.slice(0, body).reduce((sum, { repeat, layers: pattern }) => sum + repeat * pattern.length, 0)
  return {
    name: model.name ?? null,
    embed: model.embed,
    vocab: model.vocab,
    tied_embeddings: model.tied_embeddings ?? false,
    extra_parameters: model.extra_parameters ?? 0,
    groups,
    kinds,
    layers,
    moeLayers,
    leadingDense,
    pipelineUnits: groups.length - body === 1 ? groups[body]!.repeat : 1,
    divisors,
  }
}

/** Whether two models have the same layers and vocabulary, whatever their names. */
export function sameModel(a: ResolvedModel, b: ResolvedModel): boolean {
  const shape = ({ embed, vocab, kinds, tied_embeddings, extra_parameters }: ResolvedModel) =>
    JSON.stringify([embed, vocab, kinds, tied_embeddings, extra_parameters])
  return shape(a) === shape(b)
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/** The distinct sizes of one dimension over all layers, as a message shows them: `16384 and 21504`. */
export function showSizes(model: ResolvedModel, size: (layer: LayerKind) => number | undefined): string {
  const sizes = new Set(model.kinds.map(size).filter((value): value is number => value !== undefined && value > 0))
  return [...sizes].sort((a, b) => a - b).join(' and ')
}

export const sizeOf = {
  heads: ({ attention }: LayerKind) => (attention && attention.kind !== 'linear' ? attention.heads : undefined),
  kvHeads: ({ attention }: LayerKind) =>
    attention && attention.kind !== 'linear' && attention.kind !== 'mla' ? attention.kv_heads : undefined,
  mlp: ({ mlp }: LayerKind) => mlp?.width,
  experts: ({ mlp }: LayerKind) => (mlp?.kind === 'moe' ? mlp.experts : undefined),
}
