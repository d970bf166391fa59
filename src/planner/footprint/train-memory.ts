import type { Framework } from '../../contract/experiment.ts'
import type { CostModel } from '../cost-model.ts'
import { gathersEveryExpert } from '../expert-law.ts'
import type { ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import { type GatherLaws, gatheredWeights, storedParameters } from '../parameters.ts'
import type { RematPolicy } from '../remat-policy.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'
import { savedPerToken } from './activations.ts'
import { layerWorkspace, patternsAtOnce } from './layer-workspace.ts'
import { lossMemory } from './loss-memory.ts'
import { gib, type MemoryParts } from './memory-parts.ts'
import { offloadsOptimizer, optimizerBytes } from './optimizer-state.ts'

export interface TrainMemoryInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  policy: RematPolicy
  framework: Framework
  constants: CostModel['memory']
}

/**
 * Peak memory of a train step. State (parameters, optimizer) lives throughout; the peak comes at one of three points: in the loss
 * (all saved activations and the logits), in the backward pass (saved activations, gradients, one layer's tensors and gathered
 * weights, and the logits where their gradient waits), or in the optimizer's update (gradients and state).
 */
export function trainMemory(input: TrainMemoryInput, s: Shards): MemoryParts {
  const { model, terms, run, constants: c } = input
  const activationBytes = dtypeBytes[run.activation_dtype]
  const gradientBytes = dtypeBytes[run.gradient_dtype]
  const stored = storedParameters(model, terms, s)
  const tokens = (run.global_batch / run.microbatches / s.batch) * (run.seq_len / s.seq)

  const batch = 4 * 4 * run.microbatches * tokens
  const parameters = stored * dtypeBytes[run.weight_dtype]
  const optimizerState = stored * optimizerBytes(run, input.framework)
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
  const gathered = gatheredWeights(terms, s, gatherLaws(input)) * activationBytes
  const layer = layerWorkspace(input, s, tokens / (s.stage > 1 ? inFlight : 1))
  const loss = lossMemory(input, s, tokens)
  const fixed = c.fixed_gib * gib + batch

  const inLoss = accumulated + saved + loss.logits + cast + loss.table
  const inBackward = gradients + saved + loss.kept + cast + gathered + layer
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
    const workspace = fixed + cast + loss.table
    const { logits } = loss
    return {
      parameters,
      optimizer,
      gradients: accumulated,
      activations: saved,
      logits,
      kvCache: 0,
      workspace,
      required: state + inLoss,
    }
  }
  const workspace = fixed + cast + gathered + layer
  const logits = loss.kept
  return { parameters, optimizer, gradients, activations: saved, logits, kvCache: 0, workspace, required: state + inBackward }
}

function gatherLaws({ framework, model, run, policy, constants }: TrainMemoryInput): GatherLaws {
  const everyExpert = gathersEveryExpert({ framework, phase: 'train', run })
  return { layers: constants.gathered_layers, wholePatterns: patternsAtOnce({ framework, model, policy }), everyExpert }
}
