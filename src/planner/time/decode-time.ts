import { kvCacheBytes } from '../footprint/serving-memory.ts'
import type { Shards } from '../shards.ts'
import { layerTraffic } from './layer-traffic.ts'
import { addLayers, type LayerInput } from './layer-work.ts'
import { addCollective, type MeshLinks } from './links.ts'
import { forwardPasses } from './passes.ts'
import { servingStep } from './serving-step.ts'
import type { Timing } from './timing.ts'
import { addMatmul, addOperation, noWork } from './work.ts'

/**
 * One token for every sequence in flight: weights and KV cache read once from HBM, small products, and collectives that are mostly
 * latency (the scaling book, Inference). Its time is the time per output token.
 */
export function decodeTime(input: LayerInput, s: Shards, links: MeshLinks): Timing {
  const { model, run, rates } = input
  const sequences = run.global_batch / s.batch
  const work = noWork()
  addLayers(work, input, { s, tokens: sequences, passes: forwardPasses })
  const cache = kvCacheBytes(model, run, s)
  const pairs = (sequences * Math.min(run.seq_len, model.attention_window ?? run.seq_len)) / s.seq
  const layers = model.layers / s.stage
  const arithmetic = (4 * pairs * layers * model.heads * model.head_dim) / s.model / rates.plain
  addOperation(work, rates, { arithmetic, bytes: input.constants.cache_passes * cache, times: 1 })
  addMatmul(work, rates, { rate: rates.plain, m: sequences, k: model.embed, n: model.vocab / s.vocab, times: 1 })
  const traffic = layerTraffic(input, { s, links, tokens: sequences, passes: { ...forwardPasses, keys: 0 }, stored: 0 })
  if (s.seq > 1) {
    // each shard attends to its part of the cache; the partial outputs and their sums are added up
    const partial = (sequences * model.heads * model.head_dim * 4) / s.model
    const sums = { ici: 0, dcn: 0 }
    addCollective(sums, rates, { kind: 'all-reduce', bytes: partial, times: layers, over: links('seq') })
    traffic.keys += sums.ici
    traffic.dcn += sums.dcn
  }
  return servingStep(input, { s, work, traffic, layerUs: input.constants.decode_overhead_us })
}
