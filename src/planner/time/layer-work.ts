import type { CostModel } from '../cost-model.ts'
import { defaultCapacityFactor, routedTokens } from '../footprint/expert-workspace.ts'
import type { ModelTerms } from '../model-terms.ts'
import type { Shards } from '../shards.ts'
import type { ResolvedModel, ResolvedRun } from '../workload.ts'
import type { Passes } from './passes.ts'
import type { Rates } from './rates.ts'
import { addMatmul, addOperation, type Work } from './work.ts'

export interface LayerInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  rates: Rates
  constants: CostModel['time']
}

/** What one device computes of the layers: its cut of them, its tokens, and how often. */
export interface LayerPart {
  s: Shards
  tokens: number
  passes: Passes
}

/** All layers of one device for `tokens` tokens, their attention counted apart. */
export function addLayers(work: Work, input: LayerInput, part: LayerPart): void {
  const { s, tokens, passes } = part
  const { model, terms, rates } = input
  const layers = model.layers / s.stage
  const heads = (model.heads * model.head_dim) / s.model
  const keyHeads = (model.kv_heads * model.head_dim) / s.kvHeads
  const rate = rates.matmul
  addMatmul(work, rates, { rate, m: tokens, k: model.embed, n: heads + 2 * keyHeads, times: layers * passes.qkv })
  addMatmul(work, rates, { rate, m: tokens, k: heads, n: model.embed, times: layers * passes.out })
  const elementwise = tokens * (model.embed / s.embed) * rates.activationBytes * input.constants.elementwise_passes
  addOperation(work, rates, { arithmetic: 0, bytes: elementwise, times: layers * passes.elementwise })
  if (terms.denseLayers > 0) addMlp(work, input, part, { width: terms.denseWidth, layers: terms.denseLayers / s.stage })
  if (terms.moeLayers > 0) {
    if (terms.sharedWidth > 0) addMlp(work, input, part, { width: terms.sharedWidth, layers: terms.moeLayers / s.stage })
    addExperts(work, input, part, terms.moeLayers / s.stage)
  }
}

function addMlp(
  work: Work,
  { model, terms, rates }: LayerInput,
  { s, tokens, passes }: LayerPart,
  { width, layers }: { width: number; layers: number },
): void {
  const cut = width / s.model
  addMatmul(work, rates, { rate: rates.matmul, m: tokens, k: model.embed, n: cut, times: terms.inputs * layers * passes.wi })
  addMatmul(work, rates, { rate: rates.matmul, m: tokens, k: cut, n: model.embed, times: layers * passes.wo })
}

/** The experts' products over all routed rows; with dropping also the two products with the one-hot masks. */
function addExperts(work: Work, input: LayerInput, { s, tokens, passes }: LayerPart, layers: number): void {
  const { model, run, terms, rates, constants } = input
  const rows = routedTokens(model, run, tokens, s)
  const local = model.experts / s.expert
  const cut = model.mlp / s.model
  const rate = rates.matmul * constants.expert_efficiency
  // rows are sorted by expert, and back: read and written each time
  const moved = 4 * rows * (model.embed / s.embed) * rates.activationBytes
  addOperation(work, rates, { arithmetic: 0, bytes: moved, times: layers * passes.expertsIn })
  // one product an expert: its weights are read whatever the number of its rows
  const each = rows / local
  addMatmul(work, rates, { rate, m: each, k: model.embed, n: cut, times: local * terms.inputs * layers * passes.expertsIn })
  addMatmul(work, rates, { rate, m: each, k: cut, n: model.embed, times: local * layers * passes.expertsOut })
  if (run.moe === 'dropping') {
    const slots = run.seq_len * model.experts_per_token * (run.capacity_factor ?? defaultCapacityFactor)
    const times = layers * (passes.expertsIn + passes.expertsOut)
    addMatmul(work, rates, { rate: rates.plain, m: tokens, k: slots, n: model.embed / s.embed, times })
  }
}
