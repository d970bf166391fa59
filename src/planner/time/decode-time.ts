import { kvCacheBytes } from '../footprint/kv-cache.ts'
import { visibleTokens } from '../model/attention-terms.ts'
import type { EngineLaws } from '../serving/engine-laws.ts'
import { loopHostSeconds, withPrompts } from '../serving/loop-time.ts'
import type { LoopConstants } from '../serving/serving-constants.ts'
import { keyValueShards, type Shards } from '../shards.ts'
import { layerTraffic } from './layer-traffic.ts'
import { addLayers, type LayerInput } from './layer-work.ts'
import { type AxisLink, addCollective, type MeshLinks, type Traffic } from './links.ts'
import { forwardPasses } from './passes.ts'
import { servingStep } from './serving-step.ts'
import type { Timing } from './timing.ts'
import { addMatmul, addOperation, noWork } from './work.ts'

export interface DecodeInput extends LayerInput {
  laws: EngineLaws
  /** Of a program whose own decoding was measured; null for the loop that the reference program compiles to. */
  loop: LoopConstants | null
  /** Bytes/s of one device's HBM at its brochure's figure. */
  hbmPeak: number
}

/**
 * One token for every sequence in flight: weights and KV cache read once from HBM, small products, and collectives that are
 * mostly latency (the scaling book, Inference). Its time is the time per output token.
 */
export function decodeTime(input: DecodeInput, s: Shards, links: MeshLinks): Timing {
  const { model, terms, run, rates, laws, loop } = input
  const sequences = run.global_batch / s.batch
  const work = noWork()
  // products of whole weights, or of a device's own part of them
  const parts = model.moeLayers > 0 ? 1 : contractedParts(s)
  const embed = model.embed / parts
  addLayers(work, parts > 1 ? { ...input, model: { ...model, embed } } : input, { s, tokens: sequences, passes: forwardPasses })
  const cache = kvCacheBytes({ terms, run, windowedCache: laws.windowedCache }, s)
  let flops = 0
  let partial = 0
  for (const { attention, count } of terms.kinds) {
    if (!attention) continue
    const pairs = visibleTokens(attention, run.seq_len) / s.seq
    flops += count * (attention.perCachedPair * pairs + attention.perToken)
    if (attention.kind !== 'linear') partial += count * attention.context
  }
  const arithmetic = (sequences * (flops / s.stage)) / s.model / rates.plain
  const once = loop === null ? 1 : rates.hbm / (input.hbmPeak * loop.cache_efficiency)
  const passes = laws.readsCacheInPlace ? once : input.constants.cache_passes
  addOperation(work, rates, { arithmetic, bytes: passes * cache, times: 1 })
  addMatmul(work, rates, { rate: rates.plain, m: sequences, k: embed, n: model.vocab / s.vocab, times: 1 })
  const gathered = parts > 1 ? { ...s, weights: 1 } : s
  const traffic = layerTraffic(input, { s: gathered, links, tokens: sequences, passes: { ...forwardPasses, keys: 0 }, stored: 0 })
  if (s.seq > 1) {
    // each shard attends to its part of the cache; the partial outputs and their sums are added up
    const bytes = (sequences * partial * 4) / s.model / terms.layers
    const sums = { ici: 0, dcn: 0 }
    const over = links('seq')
    addCollective(sums, rates, { kind: 'all-reduce', bytes, times: terms.layers / s.stage, over })
    if (parts > 1) addPartialSums(sums, input, { s, tokens: sequences, over })
    traffic.keys += sums.ici
    traffic.dcn += sums.dcn
  }
  if (loop === null) return servingStep(input, { s, work, traffic, layerUs: input.constants.decode_overhead_us, host: 0, ring: 1 })
  const host = loopHostSeconds(loop, run.global_batch)
  return withPrompts(servingStep(input, { s, work, traffic, layerUs: loop.layer_us, host, ring: 1 }), { ...input, loop }, s)
}

/**
 * The parts of a weight's embed dimension that devices contract where they lie; 1 where weights are gathered. An axis that cuts
 * the weights but no token of a step leaves every device with all of a product's rows, so that it multiplies its own part of the
 * weight and adds up the outputs, which are far smaller; where an axis cuts the tokens too, weights are gathered. Seen in every
 * schedule of a dense model in bench/recorded/benchmark-truth.jsonl that decodes with seq: its exposed communication is a
 * twentieth of a gather's. Of two schedules of a mixture one gathers the experts' weights all the same, so a mixture's are taken
 * to be gathered.
 */
function contractedParts({ weights, seq, batch, replica }: Shards): number {
  return batch === replica && weights === seq ? seq : 1
}

/** The sums over seq of what every product makes from its part of the weights, and the gathers of what it cuts. */
function addPartialSums(
  sums: Traffic,
  { model, terms, rates }: LayerInput,
  { s, tokens, over }: { s: Shards; tokens: number; over: AxisLink },
): void {
  const add = (kind: 'all-reduce' | 'all-gather', elements: number, times: number) =>
    addCollective(sums, rates, { kind, bytes: elements * rates.activationBytes, times, over })
  for (const { attention, mlp, count } of terms.kinds) {
    const layers = count / s.stage
    if (attention) add('all-reduce', tokens * (attention.query / s.model + attention.keyValue / keyValueShards(s, attention)), layers)
    if (mlp && mlp.width > 0) add('all-reduce', (tokens * mlp.inputs * mlp.width) / s.model, layers)
    // the second products make a part of the embed dimension each
    add('all-gather', tokens * (model.embed / s.embed), layers * (Number(attention !== null) + Number(mlp !== null)))
  }
  add('all-reduce', (tokens * model.vocab) / s.vocab, 1)
}
