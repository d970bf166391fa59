import { routedTokens } from '../footprint/expert-workspace.ts'
import type { Shards } from '../shards.ts'
import type { LayerInput } from './layer-work.ts'
import { type AxisLink, type AxisLinks, exchange, gather, shift, type Traffic } from './links.ts'
import type { Passes } from './passes.ts'

/** Seconds of collectives by what hides them: inside the slice by kind, across slices together. */
export interface LayerTraffic {
  /** FSDP: gathers of weights and reductions of their gradients. */
  weights: number
  /** The model axis' activations, and a pipeline's hand-over. */
  activations: number
  /** The seq axis' keys and values. */
  keys: number
  /** The expert axis' exchange of rows, and the gathers of expert weights: nothing is scheduled beside them. */
  experts: number
  /** The replica axis' all-reduce of gradients. */
  gradients: number
  dcn: number
}

/** One pass of one mesh: its cuts, the links under its axes, and what a device handles. */
export interface MeshPass {
  s: Shards
  links: AxisLinks
  tokens: number
  passes: Passes
  /** Parameter elements that one device stores. */
  stored: number
}

/** The collectives of one microbatch. */
export function layerTraffic(input: LayerInput, { s, links, tokens, passes, stored }: MeshPass): LayerTraffic {
  const { model, run, terms, rates } = input
  const bytes = rates.activationBytes
  const layers = model.layers / s.stage
  const moeLayers = terms.moeLayers / s.stage
  const { replica, stage, data, seq, model: tensor, expert } = links
  const shards = [data, seq, expert]
  const t: Traffic = { ici: 0, dcn: 0 }

  if (s.weights > 1) {
    const moves = weightMoves(passes, s.weights, s)
    // a pipeline gathers its layers for every microbatch; the idle ticks are in the stretch of the step
    const ticks = s.stage > 1 ? (run.pipeline_microbatches ?? s.stage) : 1
    const attention = terms.queryOut / s.model + terms.keyValue / s.kvHeads
    const dense = layers * attention + ((terms.denseLayers / s.stage) * terms.denseMlp) / s.model
    const shared = moeLayers * (terms.sharedMlp / s.model + terms.router)
    gather(t, rates, { bytes: (ticks * (dense + shared) + terms.vocabulary / s.vocab) * bytes, times: moves, over: shards })
    addLatency(t, ticks * layers * moves, shards)
  }
  const weights = take(t)

  if (s.model > 1) {
    const residual = tokens * model.embed * bytes
    gather(t, rates, { bytes: residual * layers, times: passes.activations, over: [tensor] })
    addLatency(t, layers * passes.activations, [tensor])
  }
  if (s.stage > 1) shift(t, rates, { bytes: ((tokens * model.embed) / s.embed) * bytes * 2, times: 1, over: [stage] })
  const activations = take(t)

  if (s.seq > 1) {
    const keysAndValues = (tokens * s.seq * 2 * model.kv_heads * model.head_dim * bytes) / s.kvHeads
    gather(t, rates, { bytes: keysAndValues * layers, times: passes.keys, over: [seq] })
    addLatency(t, layers * passes.keys, [seq])
  }
  const keys = take(t)

  if (moeLayers > 0 && s.expertWeights > 1) {
    const expertWeights = (moeLayers * terms.expertMlp) / (s.expert * s.model)
    gather(t, rates, { bytes: expertWeights * bytes, times: weightMoves(passes, s.expertWeights, s), over: [data, seq] })
  }
  if (moeLayers > 0 && s.expert > 1) {
    const rows = routedTokens(model, run, tokens, s) * (model.embed / s.embed) * bytes
    exchange(t, rates, { bytes: rows, times: moeLayers * passes.exchanges, over: [expert] })
  }
  const experts = take(t)

  if (s.replica > 1 && passes.reductions > 0) gather(t, rates, { bytes: stored * bytes, times: 2, over: [replica] })
  const gradients = take(t)
  return { weights, activations, keys, experts, gradients, dcn: t.dcn }
}

/** The seconds inside the slice so far, which start anew; those across slices add up. */
function take(traffic: Traffic): number {
  const seconds = traffic.ici
  traffic.ici = 0
  return seconds
}

/** Over the whole job gradients are all-reduced and cut; over a part of it the compiler makes a reduce-scatter, half the traffic. */
function weightMoves(passes: Passes, shards: number, s: Shards): number {
  return passes.gathers + passes.reductions * (shards === s.devices ? 2 : 1)
}

/** Every layer starts its collectives anew: `count` times the latency of the axes used, less the one that a gather counts itself. */
function addLatency(traffic: Traffic, count: number, over: readonly AxisLink[]): void {
  for (const axis of over) traffic.ici += (count - 1) * axis.latency
}
