import type { Shards } from '../shards.ts'
import { addAttention } from './attention-work.ts'
import { layerTraffic } from './layer-traffic.ts'
import { addLayers, type LayerInput } from './layer-work.ts'
import type { AxisLink } from './links.ts'
import { forwardPasses } from './passes.ts'
import { servingStep } from './serving-step.ts'
import type { Timing } from './timing.ts'
import { addMatmul, noWork } from './work.ts'

/** The prompts of a batch, once through the model; its time is the time to first token. */
export function prefillTime(input: LayerInput, s: Shards, links: readonly AxisLink[]): Timing {
  const { model, run, rates } = input
  const sequences = run.global_batch / s.batch
  const tokens = sequences * (run.seq_len / s.seq)
  const work = noWork()
  addLayers(work, input, s, tokens, forwardPasses)
  addAttention(work, rates, model, run, s, sequences, forwardPasses.attention)
  addMatmul(work, rates, rates.plain, sequences, model.embed, model.vocab / s.vocab, 1)
  const traffic = layerTraffic(input, s, links, tokens, forwardPasses, 0)
  return servingStep(input, s, work, traffic, input.constants.layer_overhead_us)
}
