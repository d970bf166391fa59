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

/** All layers of one device for `tokens` tokens, their attention counted apart. */
export function addLayers(work: Work, input: LayerInput, s: Shards, tokens: number, passes: Passes): void {
  const { model, terms, rates } = input
  const layers = model.layers / s.stage
  const heads = (model.heads * model.head_dim) / s.model
  const keyHeads = (model.kv_heads * model.head_dim) / s.kvHeads
  const rate = rates.matmul
  addMatmul(work, rates, rate, tokens, model.embed, heads + 2 * keyHeads, layers * passes.qkv)
  addMatmul(work, rates, rate, tokens, heads, model.embed, layers * passes.out)
  const elementwise = tokens * (model.embed / s.embed) * rates.activationBytes * input.constants.elementwise_passes
  addOperation(work, rates, 0, elementwise, layers * passes.elementwise)
  if (terms.denseLayers > 0) addMlp(work, input, s, tokens, terms.denseWidth, terms.denseLayers / s.stage, passes)
  if (terms.moeLayers > 0) {
    if (terms.sharedWidth > 0) addMlp(work, input, s, tokens, terms.sharedWidth, terms.moeLayers / s.stage, passes)
    addExperts(work, input, s, tokens, terms.moeLayers / s.stage, passes)
  }
}

function addMlp(
  work: Work,
  { model, terms, rates }: LayerInput,
  s: Shards,
  tokens: number,
  width: number,
  layers: number,
  passes: Passes,
): void {
  const cut = width / s.model
  addMatmul(work, rates, rates.matmul, tokens, model.embed, cut, terms.inputs * layers * passes.wi)
  addMatmul(work, rates, rates.matmul, tokens, cut, model.embed, layers * passes.wo)
}

/** The experts' products over all routed rows; with dropping also the two products with the one-hot masks. */
function addExperts(work: Work, input: LayerInput, s: Shards, tokens: number, layers: number, passes: Passes): void {
  const { model, run, terms, rates, constants } = input
  const rows = routedTokens(model, run, tokens, s)
  const local = model.experts / s.expert
  const cut = model.mlp / s.model
  const rate = rates.matmul * constants.expert_efficiency
  // rows are sorted by expert, and back: read and written each time
  addOperation(work, rates, 0, 4 * rows * (model.embed / s.embed) * rates.activationBytes, layers * passes.expertsIn)
  // one product an expert: its weights are read whatever the number of its rows
  addMatmul(work, rates, rate, rows / local, model.embed, cut, local * terms.inputs * layers * passes.expertsIn)
  addMatmul(work, rates, rate, rows / local, cut, model.embed, local * layers * passes.expertsOut)
  if (run.moe === 'dropping') {
    const slots = run.seq_len * model.experts_per_token * (run.capacity_factor ?? defaultCapacityFactor)
    addMatmul(work, rates, rates.plain, tokens, slots, model.embed / s.embed, layers * (passes.expertsIn + passes.expertsOut))
  }
}
