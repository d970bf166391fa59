import { kvCacheBytes } from '../footprint/kv-cache.ts'
import { visibleTokens } from '../model/attention-terms.ts'
import { attentionShare, commonShare } from '../parameters.ts'
import type { Shards } from '../shards.ts'
import type { LayerInput } from '../time/layer-work.ts'
import { addCollective, type MeshLinks } from '../time/links.ts'
import { stepOf, type Timing } from '../time/timing.ts'
import { dtypeBytes } from '../workload.ts'
import { promptTokenSeconds } from './prompt-time.ts'
import type { EngineConstants } from './serving-constants.ts'
import type { StepLaw } from './step-law.ts'

export interface EngineInput extends LayerInput {
  engine: EngineConstants
  /** Bytes/s of one device's HBM at its brochure's figure. */
  hbmPeak: number
}

/**
 * One scheduled step: every weight that a token visits and the whole cache are read once in their own types (of experts those
 * that the tokens of the step visit), or the products take longer; each layer starts its kernels and its two reductions; the host
 * schedules. Where the run says how long requests are, prefill chunks of those that arrive run in the same steps, `input_len ÷
 * output_len` tokens a request.
 */
export function engineTime(input: EngineInput, s: Shards, links: MeshLinks): Timing {
  const { run, engine } = input
  const requests = run.global_batch / s.batch
  const decode = decodeParts(input, s, links, requests)
  // arithmetic alone: the weights are read anyway
  const perPrefillToken = promptTokenSeconds(input, s, { products: engine.prefill_efficiency, attention: engine.attention_efficiency })
  const mixed = run.input_len !== null && run.output_len !== null ? (requests * run.input_len) / run.output_len : 0
  const prefill = mixed * perPrefillToken
  const one = decodeParts(input, s, links, Math.min(1, requests))
  const slope = requests > 1 ? (decode.seconds - one.seconds) / (requests - 1) : 0
  const law: StepLaw = { base: one.seconds - slope, perRequest: slope, perPrefillToken, perPrompt: 0 }
  const overhead = hostSeconds(engine, requests)
  const timing = stepOf({
    busy: decode.busy + prefill + layerSeconds(input, requests),
    sums: 0,
    compute: decode.compute + prefill,
    hbm: decode.hbm,
    communication: decode.communication,
    exposed: decode.communication,
    exposedBy: { ...nothingExposed, activations: decode.activations, experts: decode.experts, dcn: decode.dcn },
    host: overhead,
    stretch: 1,
    overhead: 0,
  })
  return { ...timing, law }
}

/** What layers cost beside their bytes; those with experts also sort, gather and scatter every row that is routed. */
function layerSeconds({ terms, engine }: EngineInput, requests: number): number {
  let rows = 0
  for (const { mlp, count } of terms.kinds) if (mlp) rows += count * requests * mlp.expertsPerToken
  return (terms.layers * engine.layer_us + rows * engine.routed_row_us) / 1e6
}

function hostSeconds(engine: EngineConstants, requests: number): number {
  return engine.host_ms / 1000 + (requests * engine.request_us) / 1e6
}

const nothingExposed = { weights: 0, expertWeights: 0, activations: 0, keys: 0, experts: 0, gradients: 0, dcn: 0 }

function decodeParts(input: EngineInput, s: Shards, links: MeshLinks, requests: number) {
  const { run, terms, rates, model, engine } = input
  const hbm = input.hbmPeak * engine.cache_efficiency
  const weightBytes = dtypeBytes[run.weight_dtype]
  let weights = (model.vocab / s.vocab) * model.embed
  let flops = requests * weights
  const exchanged = { ici: 0, dcn: 0 }
  const reduced = { ici: 0, dcn: 0 }
  const bytes = requests * model.embed * rates.activationBytes
  for (const { attention, mlp, count } of terms.kinds) {
    const common = attentionShare(attention, s) + commonShare(mlp, s)
    weights += count * common
    flops += count * requests * common
    if (mlp && mlp.expertCount > 0) {
      const share = mlp.expertsPerToken / mlp.expertCount
      const visited = 1 - (1 - share) ** (requests * s.expert)
      weights += (count * visited * mlp.experts) / (s.expert * s.model)
      flops += (count * requests * share * mlp.experts) / s.model
      if (s.expert > 1)
        addCollective(exchanged, rates, { kind: 'all-to-all', bytes: bytes * mlp.expertsPerToken, times: 2 * count, over: links('expert') })
    }
    if (attention) flops += (count * requests * attention.perCachedPair * visibleTokens(attention, run.seq_len)) / s.model / 2
  }
  if (s.model > 1) addCollective(reduced, rates, { kind: 'all-reduce', bytes, times: 2 * terms.blocks, over: links('model') })
  const cache = kvCacheBytes({ terms, run: { ...run, global_batch: requests * s.batch }, windowedCache: true }, s)
  const compute = (2 * flops) / rates.matmul
  const read = (weights * weightBytes) / (input.hbmPeak * engine.weights_efficiency)
  const busy = Math.max(compute, read) + cache / hbm
  const dcn = exchanged.dcn + reduced.dcn
  const communication = exchanged.ici + reduced.ici + dcn
  const seconds = busy + communication + layerSeconds(input, requests) + hostSeconds(engine, requests)
  return { seconds, busy, compute, hbm: read + cache / hbm, communication, activations: reduced.ici, experts: exchanged.ici, dcn }
}
