import { routedTokens } from '../footprint/expert-workspace.ts'
import type { Shards } from '../shards.ts'
import type { LayerInput } from './layer-work.ts'
import { type AxisLink, exchange, gather, shift, type Traffic } from './links.ts'
import type { Passes } from './passes.ts'

/** Seconds of collectives by what hides them: inside the slice by kind, across slices together. */
export interface LayerTraffic {
  /** FSDP: gathers of weights and scatters of their gradients. */
  weights: number
  /** The model axis' activations, the seq axis' keys and values, a pipeline's hand-over. */
  activations: number
  /** The expert axis' exchange of rows. */
  experts: number
  /** The replica axis' all-reduce of gradients. */
  gradients: number
  dcn: number
}

/** The collectives of one microbatch. */
export function layerTraffic(
  input: LayerInput,
  s: Shards,
  links: readonly AxisLink[],
  tokens: number,
  passes: Passes,
  stored: number,
): LayerTraffic {
  const { model, run, terms, rates } = input
  const bytes = rates.activationBytes
  const layers = model.layers / s.stage
  const dcn: Traffic = { ici: 0, dcn: 0 }
  const [replica, stage, data, seq, tensor, expert] = links as readonly [AxisLink, AxisLink, AxisLink, AxisLink, AxisLink, AxisLink]

  const weights: Traffic = dcn
  const moves = passes.gathers + passes.scatters
  const attention = terms.queryOut / s.model + terms.keyValue / s.kvHeads
  const shared = terms.moeLayers * (terms.sharedMlp / s.model + terms.router)
  const dense = (model.layers * attention + (terms.denseLayers * terms.denseMlp) / s.model + shared) / s.stage
  if (s.weights > 1) {
    gather(weights, rates, dense * bytes, moves, data, seq, expert)
    gather(weights, rates, (terms.vocabulary / s.vocab) * bytes, moves, data, seq, expert)
    addLatency(weights, layers * moves, data, seq, expert)
  }
  if (terms.moeLayers > 0 && s.expertWeights > 1) {
    const experts = (terms.moeLayers * terms.expertMlp) / (s.expert * s.model * s.stage)
    gather(weights, rates, experts * bytes, moves, data, seq)
  }
  const weightSeconds = weights.ici

  weights.ici = 0
  const activation = tokens * model.embed * bytes
  if (s.model > 1) gather(dcn, rates, activation * layers, passes.activations, tensor)
  if (s.model > 1) addLatency(dcn, layers * passes.activations, tensor)
  if (s.seq > 1) {
    const keys = (tokens * s.seq * 2 * model.kv_heads * model.head_dim * bytes) / s.kvHeads
    gather(dcn, rates, keys * layers, passes.keys, seq)
    addLatency(dcn, layers * passes.keys, seq)
  }
  if (s.stage > 1) shift(dcn, rates, (activation / s.embed) * 2, 1, stage)
  const activationSeconds = dcn.ici

  dcn.ici = 0
  if (terms.moeLayers > 0 && s.expert > 1) {
    const rows = routedTokens(model, run, tokens, s) * (model.embed / s.embed) * bytes
    exchange(dcn, rates, rows, (terms.moeLayers / s.stage) * passes.exchanges, expert)
  }
  const expertSeconds = dcn.ici

  dcn.ici = 0
  if (s.replica > 1 && passes.scatters > 0) gather(dcn, rates, stored * bytes, 2, replica)
  return { weights: weightSeconds, activations: activationSeconds, experts: expertSeconds, gradients: dcn.ici, dcn: dcn.dcn }
}

/** Every layer starts its collectives anew: `count` times the latency of the axes used, less the one that a gather counts itself. */
function addLatency(traffic: Traffic, count: number, a: AxisLink, b?: AxisLink, c?: AxisLink): void {
  traffic.ici += (count - 1) * (a.latency + (b?.latency ?? 0) + (c?.latency ?? 0))
}
