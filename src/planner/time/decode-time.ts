import { kvCacheBytes } from '../footprint/kv-cache.ts'
import { visibleTokens } from '../model/attention-terms.ts'
import type { EngineLaws } from '../serving/engine-laws.ts'
import type { Shards } from '../shards.ts'
import { layerTraffic } from './layer-traffic.ts'
import { addLayers, type LayerInput } from './layer-work.ts'
import { addCollective, type MeshLinks } from './links.ts'
import { forwardPasses } from './passes.ts'
import { servingStep } from './serving-step.ts'
import type { Timing } from './timing.ts'
import { addMatmul, addOperation, noWork } from './work.ts'

/**
 * One token for every sequence in flight: weights and KV cache read once from HBM, small products, and collectives that are
 * mostly latency (the scaling book, Inference). Its time is the time per output token.
 */
export function decodeTime(input: LayerInput & { laws: EngineLaws }, s: Shards, links: MeshLinks): Timing {
  const { model, terms, run, rates, laws } = input
  const sequences = run.global_batch / s.batch
  const work = noWork()
  addLayers(work, input, { s, tokens: sequences, passes: forwardPasses })
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
  const passes = laws.readsCacheInPlace ? 1 : input.constants.cache_passes
  addOperation(work, rates, { arithmetic, bytes: passes * cache, times: 1 })
  addMatmul(work, rates, { rate: rates.plain, m: sequences, k: model.embed, n: model.vocab / s.vocab, times: 1 })
  const traffic = layerTraffic(input, { s, links, tokens: sequences, passes: { ...forwardPasses, keys: 0 }, stored: 0 })
  if (s.seq > 1) {
    // each shard attends to its part of the cache; the partial outputs and their sums are added up
    const bytes = (sequences * partial * 4) / s.model / terms.layers
    const sums = { ici: 0, dcn: 0 }
    addCollective(sums, rates, { kind: 'all-reduce', bytes, times: terms.layers / s.stage, over: links('seq') })
    traffic.keys += sums.ici
    traffic.dcn += sums.dcn
  }
  return servingStep(input, { s, work, traffic, layerUs: input.constants.decode_overhead_us })
}
