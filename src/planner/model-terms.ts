import type { ResolvedModel } from './workload.ts'

/** Counts of a model that do not depend on the mesh. Elements, not bytes. */
export interface ModelTerms {
  denseLayers: number
  moeLayers: number
  /** Input projections of an MLP: 2 when gated. */
  inputs: 1 | 2
  /** Width of a dense layer's MLP. */
  denseWidth: number
  /** Width of the shared experts together, 0 without. */
  sharedWidth: number
  /** Elements of one layer's query and output projections. */
  queryOut: number
  /** Elements of one layer's key and value projections. */
  keyValue: number
  denseMlp: number
  sharedMlp: number
  /** Elements of all experts of one layer. */
  expertMlp: number
  router: number
  /** Elements of the embedding and, untied, of the logits' projection. */
  vocabulary: number
  /** All parameters. */
  total: number
  /** Parameters that one token meets in a matmul: dense layers, active experts, logits. */
  activeMatmul: number
}

/** A MoE's leading dense layers are as wide as what one token uses of the others. */
export function modelTerms(model: ResolvedModel): ModelTerms {
  const moe = model.experts > 1
  const inputs = model.gated_mlp ? 2 : 1
  const denseLayers = moe ? Math.min(model.dense_layers, model.layers) : model.layers
  const moeLayers = model.layers - denseLayers
  const denseWidth = moe ? model.mlp * (model.experts_per_token + model.shared_experts) : model.mlp
  const sharedWidth = moe ? model.mlp * model.shared_experts : 0
  const queryOut = 2 * model.embed * model.heads * model.head_dim
  const keyValue = 2 * model.embed * model.kv_heads * model.head_dim
  const perWidth = (inputs + 1) * model.embed
  const denseMlp = perWidth * denseWidth
  const sharedMlp = perWidth * sharedWidth
  const expertMlp = moe ? perWidth * model.mlp * model.experts : 0
  const router = moe ? model.embed * model.experts : 0
  const table = model.vocab * model.embed
  const vocabulary = model.tied_embeddings ? table : 2 * table
  const attention = queryOut + keyValue
  const activeExperts = moe ? perWidth * model.mlp * model.experts_per_token : 0
  return {
    denseLayers,
    moeLayers,
    inputs,
    denseWidth,
    sharedWidth,
    queryOut,
    keyValue,
    denseMlp,
    sharedMlp,
    expertMlp,
    router,
    vocabulary,
    total:
      model.layers * attention +
      denseLayers * denseMlp +
      moeLayers * (sharedMlp + expertMlp + router) +
      vocabulary +
      model.extra_parameters,
    activeMatmul: model.layers * attention + denseLayers * denseMlp + moeLayers * (sharedMlp + activeExperts + router) + table,
  }
}
