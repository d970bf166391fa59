import type { Layer } from '../../contract/model.ts'
import { type AttentionTerms, attentionTerms } from './attention-terms.ts'
import { type MlpTerms, mlpTerms } from './mlp-terms.ts'
import type { ResolvedModel } from './resolved-model.ts'

/** One kind of layer: how many there are, and the counts of its parts. */
export interface LayerTerms {
  count: number
  attention: AttentionTerms | null
  mlp: MlpTerms | null
}

/** A pattern of layers and how often it comes; each of its layers counts once. */
export interface PatternTerms {
  repeat: number
  layers: readonly LayerTerms[]
}

/** Counts of a model that do not depend on the mesh. Elements, not bytes. */
export interface ModelTerms {
  kinds: readonly LayerTerms[]
  /** The same layers in order, as patterns. */
  patterns: readonly PatternTerms[]
  layers: number
  moeLayers: number
  /** Pairs of an attention and an MLP: what the collectives around both are counted by. */
  blocks: number
  /** Elements of the embedding and, untied, of the logits' projection; and of one of them. */
  vocabulary: number
  table: number
  /** All parameters. */
  total: number
  /** Parameters that one token meets in a matmul: attention, dense layers, active experts, logits. */
  activeMatmul: number
}

export function modelTerms(model: ResolvedModel): ModelTerms {
  const table = model.vocab * model.embed
  const vocabulary = model.tied_embeddings ? table : 2 * table
  let total = vocabulary + model.extra_parameters
  let activeMatmul = table
  let blocks = 0
  const kinds = model.kinds.map(({ attention, mlp, count }): LayerTerms => {
    const { attention: a, mlp: m } = partsOf({ attention, mlp }, model.embed)
    const attentionWeights = a ? a.byHeads + a.byKvHeads + a.whole : 0
    total += count * (attentionWeights + (m ? m.common + m.experts + m.router : 0))
    activeMatmul += count * (attentionWeights + (m?.active ?? 0))
    blocks += (count * ((a ? 1 : 0) + (m ? 1 : 0))) / 2
    return { count, attention: a, mlp: m }
  })
  const patterns = model.groups.map(({ repeat, layers }) => ({
    repeat,
    layers: layers.map((layer) => ({ count: 1, ...partsOf(layer, model.embed) })),
  }))
  return { kinds, patterns, layers: model.layers, moeLayers: model.moeLayers, blocks, vocabulary, table, total, activeMatmul }
}

function partsOf({ attention, mlp }: Layer, embed: number): Omit<LayerTerms, 'count'> {
  return { attention: attention && attentionTerms(attention, embed), mlp: mlp && mlpTerms(mlp, embed) }
}

/** The largest value that any kind of layer gives. */
export function largestOver(terms: ModelTerms, value: (kind: LayerTerms) => number): number {
  let largest = 0
  for (const kind of terms.kinds) largest = Math.max(largest, value(kind))
  return largest
}
