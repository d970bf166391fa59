import type { CostModel } from '../cost-model.ts'
import { defaultCapacityFactor, routedTokens } from '../footprint/expert-workspace.ts'
import type { AttentionTerms } from '../model/attention-terms.ts'
import type { MlpTerms } from '../model/mlp-terms.ts'
import type { ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import { kvShards, type Shards } from '../shards.ts'
import type { ResolvedRun } from '../workload.ts'
import type { Passes } from './passes.ts'
import type { Rates } from './rates.ts'
import { addMatmul, addOperation, type Work } from './work.ts'

export interface LayerInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  rates: Rates
  /** A device computes all experts for its own rows: see `gathersEveryExpert`. */
  everyExpert: boolean
  constants: CostModel['time']
}

/** What one device computes of the layers: its cut of them, its tokens, and how often. */
export interface LayerPart {
  s: Shards
  tokens: number
  passes: Passes
}

/** All layers of one device for `tokens` tokens, what their attention kernels do counted apart. */
export function addLayers(work: Work, input: LayerInput, part: LayerPart): void {
  const { s, tokens, passes } = part
  const { model, terms, rates } = input
  for (const { attention, mlp, count } of terms.kinds) {
    const layers = count / s.stage
    if (attention) addProjections(work, input, part, { attention, layers })
    if (mlp && mlp.width > 0) addMlp(work, input, part, { mlp, layers })
    if (mlp && mlp.expertCount > 0) addExperts(work, input, part, { mlp, layers })
  }
  const elementwise = tokens * (model.embed / s.embed) * rates.activationBytes * input.constants.elementwise_passes
  addOperation(work, rates, { arithmetic: 0, bytes: elementwise, times: (terms.blocks / s.stage) * passes.elementwise })
}

/** The products before and after an attention kernel or a recurrence. */
function addProjections(
  work: Work,
  { model, rates }: LayerInput,
  { s, tokens: m, passes }: LayerPart,
  { attention: a, layers }: { attention: AttentionTerms; layers: number },
): void {
  const rate = rates.matmul
  const times = layers * passes.qkv
  if (a.kvLatent > 0) {
    addMatmul(work, rates, { rate, m, k: model.embed, n: a.queryLatent + a.kvLatent, times })
    addMatmul(work, rates, { rate, m, k: a.queryLatent || model.embed, n: a.query / s.model, times })
    addMatmul(work, rates, { rate, m, k: a.kvRank, n: a.kvMade / s.model, times })
  } else {
    const keyValue = a.keyValue / kvShards(s, a.kvHeads)
    addMatmul(work, rates, { rate, m, k: model.embed, n: a.query / s.model + keyValue, times })
  }
  addMatmul(work, rates, { rate, m, k: a.context / s.model, n: model.embed, times: layers * passes.out })
}

function addMlp(
  work: Work,
  { model, rates }: LayerInput,
  { s, tokens, passes }: LayerPart,
  { mlp, layers }: { mlp: MlpTerms; layers: number },
): void {
  const cut = mlp.width / s.model
  addMatmul(work, rates, { rate: rates.matmul, m: tokens, k: model.embed, n: cut, times: mlp.inputs * layers * passes.wi })
  addMatmul(work, rates, { rate: rates.matmul, m: tokens, k: cut, n: model.embed, times: layers * passes.wo })
}

/**
 * FLOP/s of the experts' products. With dropping they are batched products of a fixed size. Dropless they run in a grouped kernel
 * that starts anew at every expert, so narrow experts reach less of its peak; of low precision it keeps only a part, because rows
 * are sorted and quantized between.
 */
function expertRate(rates: Rates, moe: ResolvedRun['moe'], width: number, c: CostModel['time']): number {
  const quantized = rates.plain + (rates.matmul - rates.plain) * c.quantized_experts
  if (moe === 'dropping') return quantized * c.expert_efficiency_dropping
  return (quantized * c.expert_efficiency_dropless * width) / (width + c.expert_width_half)
}

/** The experts' products over all routed rows; with dropping also the two products with the one-hot masks. */
function addExperts(
  work: Work,
  { model, run, rates, constants, everyExpert }: LayerInput,
  { s, tokens, passes }: LayerPart,
  { mlp, layers }: { mlp: MlpTerms; layers: number },
): void {
  const rows = routedTokens(mlp, run, { tokens, s })
  const local = everyExpert ? mlp.expertCount : mlp.expertCount / s.expert
  const cut = mlp.expertWidth / s.model
  const rate = expertRate(rates, run.moe, cut, constants)
  // rows are sorted by expert, and back: read and written each time
  const moved = 4 * rows * (model.embed / s.embed) * rates.activationBytes
  addOperation(work, rates, { arithmetic: 0, bytes: moved, times: layers * passes.expertsIn })
  // one product an expert: its weights are read whatever the number of its rows
  const each = rows / local
  addMatmul(work, rates, { rate, m: each, k: model.embed, n: cut, times: local * mlp.inputs * layers * passes.expertsIn })
  addMatmul(work, rates, { rate, m: each, k: cut, n: model.embed, times: local * layers * passes.expertsOut })
  if (run.moe === 'dropping') {
    const slots = run.seq_len * mlp.expertsPerToken * (run.capacity_factor ?? defaultCapacityFactor)
    const times = layers * (passes.expertsIn + passes.expertsOut)
    addMatmul(work, rates, { rate: rates.plain, m: tokens, k: slots, n: model.embed / s.embed, times })
  }
}
