import type { Shards } from '../shards.ts'
import { addAttention } from './attention-work.ts'
import { layerTraffic } from './layer-traffic.ts'
import { addLayers, type LayerInput } from './layer-work.ts'
import type { MeshLinks } from './links.ts'
import { forwardPasses } from './passes.ts'
import { servingStep } from './serving-step.ts'
import type { Timing } from './timing.ts'
import { addMatmul, noWork } from './work.ts'

/** The prompts of a batch, once through the model; its time is the time to first token. */
export function prefillTime(input: LayerInput, s: Shards, links: MeshLinks): Timing {
  const { model, run, rates } = input
  const sequences = run.global_batch / s.batch
  const tokens = sequences * (run.seq_len / s.seq)
  const work = noWork()
  addLayers(work, input, { s, tokens, passes: forwardPasses })
  addAttention(work, input, { s, sequences, times: forwardPasses.attention })
  addMatmul(work, rates, { rate: rates.plain, m: sequences, k: model.embed, n: model.vocab / s.vocab, times: 1 })
  const traffic = layerTraffic(input, { s, links, tokens, passes: forwardPasses, stored: 0 })
  // products of thousands of rows, which the compiler loops over the ring as it does in training
  return servingStep(input, { s, work, traffic, layerUs: input.constants.layer_overhead_us, host: 0, ring: s.model })
}
