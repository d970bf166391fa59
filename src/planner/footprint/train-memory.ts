import type { CostModel } from '../cost-model.ts'
import { largestOver, type ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import { gatheredWeights, storedParameters } from '../parameters.ts'
import type { RematPolicy } from '../remat-policy.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'
import { savedPerToken } from './activations.ts'
import { expertWorkspace } from './expert-workspace.ts'
import { gib, type MemoryParts } from './memory-parts.ts'
import { offloadsOptimizer, optimizerBytes } from './optimizer-state.ts'

export interface TrainMemoryInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  policy: RematPolicy
  constants: CostModel['memory']
}

/**
 * Peak memory of a train step. State (parameters, optimizer) lives throughout; the peak comes at one of three points: in the loss
 * (all saved activations and the logits), in the backward pass (saved activations, gradients, one layer's tensors and gathered
 * weights), or in the optimizer's update (gradients and state).
 */
export function trainMemory(input: TrainMemoryInput, s: Shards): MemoryParts {
  const { model, terms, run, constants: c } = input
  const activationBytes = dtypeBytes[run.activation_dtype]
  const gradientBytes = dtypeBytes[run.gradient_dtype]
  const stored = storedParameters(model, terms, s)
  const tokens = (run.global_batch / run.microbatches / s.batch) * (run.seq_len / s.seq)

  const batch = 4 * 4 * run.microbatches * tokens
  const parameters = stored * dtypeBytes[run.weight_dtype]
  const optimizerState = stored * optimizerBytes(run)
  // copies from the host start long before the update
  const optimizer = offloadsOptimizer(run) ? c.offloaded_states * optimizerState : optimizerState
  // a scan over microbatches or over a pipeline's ticks carries the sum of the gradients beside those of the step at hand
  const accumulated = run.microbatches > 1 || s.stage > 1 ? stored * gradientBytes : 0
  const gradients = accumulated + stored * gradientBytes

  const inFlight = run.pipeline_microbatches ?? s.stage
  // a pipeline's scan keeps what every tick saves, the idle ones too, and the whole batch as it enters and as it leaves
  const ticks = s.stage > 1 ? (inFlight + s.stage - 1) / inFlight : 1
  const waiting = s.stage > 1 ? ((2 + ticks) * tokens * model.embed * activationBytes) / s.embed : 0
  const saved = (ticks * tokens * savedPerToken(input, s).device) / s.stage + waiting
  const cast = run.weight_dtype === run.activation_dtype ? 0 : c.cast_copies * stored * activationBytes
  const gathered = gatheredWeights(terms, s, c.gathered_layers) * activationBytes
  const layerTokens = tokens / (s.stage > 1 ? inFlight : 1)
  const layer = layerBytes(input, layerTokens, s)
  const vocab = model.vocab / s.vocab
  // over a model axis the product with the table comes in pieces: one more of them is alive beside the whole
  const piece = s.vocab > 1 ? activationBytes / s.vocab : 0
  const logits = (c.logits_bytes + piece) * (tokens / s.stage) * vocab
  const gatheredTable = s.weights > 1 ? vocab * model.embed * activationBytes : 0
  const fixed = c.fixed_gib * gib + batch

  const inLoss = accumulated + saved + logits + cast + gatheredTable
  const inBackward = gradients + saved + cast + gathered + layer
  const inUpdate = gradients + (optimizerState - optimizer)
  const state = parameters + optimizer + fixed

  if (inUpdate >= inLoss && inUpdate >= inBackward) {
    return {
      parameters,
      optimizer: optimizerState,
      gradients,
      activations: 0,
      logits: 0,
      kvCache: 0,
      workspace: fixed,
      required: state + inUpdate,
    }
  }
  if (inLoss >= inBackward) {
    const workspace = fixed + cast + gatheredTable
    return { parameters, optimizer, gradients: accumulated, activations: saved, logits, kvCache: 0, workspace, required: state + inLoss }
  }
  const workspace = fixed + cast + gathered + layer
  return { parameters, optimizer, gradients, activations: saved, logits: 0, kvCache: 0, workspace, required: state + inBackward }
}

/** The largest layer's tensors in its backward pass. */
function layerBytes(input: TrainMemoryInput, tokens: number, s: Shards): number {
  const { model, run, constants: c } = input
  const bytes = dtypeBytes[run.activation_dtype]
  const embed = c.layer_embed_tensors * (model.embed / s.embed) + (s.embed > 1 ? c.gathered_embed_tensors * model.embed : 0)
  return largestOver(input.terms, ({ attention, mlp }) => {
    let tensors = embed
    if (attention) {
      // context parallelism gathers keys and values, and their gradients, over the whole sequence
      if (s.seq > 1) tensors += (s.seq * 2 * attention.keyValue) / keyValueShards(s, attention)
      if (run.attention === 'dot_product') tensors += (6 / bytes) * (attention.rows / s.model) * run.seq_len
    }
    tensors += c.layer_mlp_tensors * ((mlp?.width ?? 0) / s.model)
    return tokens * bytes * tensors + expertWorkspace(input, mlp, { tokens, s })
  })
}
