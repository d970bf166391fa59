import type { Axis } from '../../contract/mesh.ts'
import { onOneAxis } from '../../interconnect/group-links.ts'
import { routedTokens } from '../footprint/expert-workspace.ts'
import { exchangesHeads } from '../run-flags.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import { layerWeights } from './gathered-weights.ts'
import type { LayerInput } from './layer-work.ts'
import { type AxisLink, addCollective, addShift, type MeshLinks, type Traffic } from './links.ts'
import type { Passes } from './passes.ts'

/** Seconds of collectives by what hides them: inside the slice by kind, across slices together. */
export interface LayerTraffic {
  /** FSDP: gathers of weights and reductions of their gradients. */
  weights: number
  /** The model axis' activations, and a pipeline's hand-over. */
  activations: number
  /** The seq axis' keys and values. */
  keys: number
  /** Gathers of the experts' weights and reductions of their gradients. */
  expertWeights: number
  /** The expert axis' exchange of rows. */
  experts: number
  /** The replica axis' all-reduce of gradients. */
  gradients: number
  dcn: number
}

/** One pass of one mesh: its cuts, the links under its axes, and what a device handles. */
export interface MeshPass {
  s: Shards
  links: MeshLinks
  tokens: number
  passes: Passes
  /** Parameter elements that one device stores. */
  stored: number
}

/** The collectives of one microbatch. */
export function layerTraffic(input: LayerInput, { s, links, tokens, passes, stored }: MeshPass): LayerTraffic {
  const { model, run, terms, rates } = input
  const bytes = rates.activationBytes
  const layers = terms.blocks / s.stage
  const t: Traffic = { ici: 0, dcn: 0 }

  if (s.weights > 1) {
    const over = links(...shardAxes(s.weights, s))
    // a pipeline gathers its layers for every microbatch; the idle ticks are in the stretch of the step
    const ticks = s.stage > 1 ? (run.pipeline_microbatches ?? s.stage) : 1
    const times = ticks * layers * weightMoves(passes, over, s)
    addCollective(t, rates, { kind: 'all-gather', bytes: (layerWeights(terms, s) / layers) * bytes, times, over })
    addCollective(t, rates, { kind: 'all-gather', bytes: (terms.vocabulary / s.vocab) * bytes, times: weightMoves(passes, over, s), over })
  }
  const weights = take(t)

  if (s.model > 1) {
    const over = links('model')
    const onOne = { ...over, inside: over.inside && onOneAxis(over.inside) }
    const residual = tokens * model.embed * bytes
    const times = passes.activations * (layers + expertMoves(input, { s, tokens, passes }))
    addCollective(t, rates.activations, { kind: 'all-gather', bytes: residual, times, over: onOne })
  }
  if (s.stage > 1) addShift(t, rates, { bytes: ((tokens * model.embed) / s.embed) * bytes * 2, times: 1, over: links('stage') })
  const activations = take(t)

  if (s.seq > 1) {
    for (const { attention, count } of terms.kinds) {
      if (!attention || attention.keyValue === 0) continue
      if (exchangesHeads(run.flags)) {
        const heads = (attention.query + attention.context) / s.model + attention.keyValue / keyValueShards(s, attention)
        const rows = tokens * heads * bytes
        addCollective(t, rates, { kind: 'all-to-all', bytes: rows, times: (count / s.stage) * passes.keys, over: links('seq') })
        continue
      }
      const keysAndValues = (tokens * s.seq * attention.keyValue * bytes) / keyValueShards(s, attention)
      addCollective(t, rates, { kind: 'all-gather', bytes: keysAndValues, times: (count / s.stage) * passes.keys, over: links('seq') })
    }
  }
  const keys = take(t)

  for (const { mlp, count } of terms.kinds) {
    if (!mlp || mlp.expertCount === 0) continue
    const all = (mlp.experts / s.model) * bytes
    if (s.expertWeights > 1) {
      const over = links(...shardAxes(s.expertWeights, { ...s, expert: 1 }))
      addCollective(t, rates, { kind: 'all-gather', bytes: all / s.expert, times: (count / s.stage) * weightMoves(passes, over, s), over })
    }
    if (input.everyExpert && s.expert > 1) {
      const over = links('expert')
      addCollective(t, rates, { kind: 'all-gather', bytes: all, times: (count / s.stage) * weightMoves(passes, over, s), over })
    }
  }
  const expertWeights = take(t)

  if (s.expert > 1 && !input.everyExpert) {
    for (const { mlp, count } of terms.kinds) {
      if (!mlp || mlp.expertCount === 0) continue
      const rows = routedTokens(mlp, run, { tokens, s }) * (model.embed / s.embed) * bytes
      addCollective(t, rates, { kind: 'all-to-all', bytes: rows, times: (count / s.stage) * passes.exchanges, over: links('expert') })
    }
  }
  const experts = take(t)

  if (s.replica > 1 && passes.reductions > 0)
    addCollective(t, rates, { kind: 'all-reduce', bytes: stored * bytes, times: 1, over: links('replica') })
  const gradients = take(t)
  return { weights, activations, keys, expertWeights, experts, gradients, dcn: t.dcn }
}

/** The axes that cut a weight into `shards` pieces: trailing ones are left out where the weight does not divide by them. */
function shardAxes(shards: number, { data, seq, expert }: Pick<Shards, 'data' | 'seq' | 'expert'>): Axis[] {
  if (shards === data * seq * expert) return ['data', 'seq', 'expert']
  return shards === data * seq ? ['data', 'seq'] : ['data']
}

/**
 * What a training step's experts move over the model axis beyond a dense layer, in moves of the residual: half of a block's moves
 * are theirs, and they gather and reduce every row that was routed to them, in place of the tokens.
 */
function expertMoves({ terms, run }: LayerInput, { s, tokens, passes }: Pick<MeshPass, 's' | 'tokens' | 'passes'>): number {
  if (passes.reductions === 0) return 0
  let moves = 0
  for (const { mlp, count } of terms.kinds) {
    if (!mlp || mlp.expertCount === 0) continue
    const beside = mlp.width > 0 ? 0 : 1
    moves += ((count / s.stage) * (routedTokens(mlp, run, { tokens, s }) / tokens - beside)) / 2
  }
  return moves
}

/** The seconds inside the slice so far, which start anew; those across slices add up. */
function take(traffic: Traffic): number {
  const seconds = traffic.ici
  traffic.ici = 0
  return seconds
}

/**
 * Over whole slices gradients are all-reduced and cut; over a part of one the compiler makes a reduce-scatter, half the traffic.
 */
function weightMoves(passes: Passes, over: AxisLink, s: Shards): number {
  return passes.gathers + passes.reductions * (over.size === s.sliceDevices ? 2 : 1)
}
