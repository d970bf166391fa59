import type { Framework } from '../../contract/experiment.ts'
import type { WindowedGathers } from '../compiler-flags.ts'
import { savedPerToken } from '../footprint/activations.ts'
import { offloadsOptimizer, optimizerBytes } from '../footprint/optimizer-state.ts'
import { storedParameters } from '../parameters.ts'
import type { RematPolicy } from '../remat-policy.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes } from '../workload.ts'
import { addAttention } from './attention-work.ts'
import { exposedOf, overlapsOf, sumOf } from './exposed.ts'
import { gatheredWeightBytes } from './gathered-weights.ts'
import { layerTraffic } from './layer-traffic.ts'
import { addLayers, type LayerInput } from './layer-work.ts'
import type { MeshLinks } from './links.ts'
import { partialSumBytes } from './partial-sums.ts'
import type { Passes } from './passes.ts'
import { stepOf, type Timing } from './timing.ts'
import { addMatmul, addOperation, noWork } from './work.ts'

export interface TrainTimeInput extends LayerInput {
  policy: RematPolicy
  framework: Framework
  /** The run's flags gather weights beside compute. */
  asyncGathers: boolean
  windowed: WindowedGathers
  /** Context parallelism gives every device the same share of the causal work, as MaxText does. */
  balancedContext: boolean
  passes: Passes
}

/**
 * One optimizer step. What computes, what communicates, how much of the latter hides behind the former, what waits for the host;
 * a pipeline of P stages and M microbatches idles for (P−1)/(M+P−1) of the time (Huang et al., GPipe).
 */
export function trainTime(input: TrainTimeInput, s: Shards, links: MeshLinks): Timing {
  const { model, run, rates, terms, constants: c, passes } = input
  const sequences = run.global_batch / run.microbatches / s.batch
  const tokens = sequences * (run.seq_len / s.seq)
  const work = noWork()
  addLayers(work, input, { s, tokens, passes })
  const products = work.busy
  // without balancing, the device with the end of the sequence attends to nearly all of it
  const share = input.balancedContext ? 1 : 2 - 1 / s.seq
  addAttention(work, input, { s, sequences, times: passes.attention * share })
  const vocab = model.vocab / s.vocab
  addMatmul(work, rates, { rate: rates.plain, m: tokens / s.stage, k: model.embed, n: vocab, times: 3 })
  // the loss reads and writes the logits and their gradient in f32
  addOperation(work, rates, { arithmetic: 0, bytes: c.logits_passes * (tokens / s.stage) * vocab * 4, times: 1 })
  // what is gathered over the model axis is normalized, added and cast whole
  const gathered = tokens * (model.embed - model.embed / s.model) * rates.activationBytes * c.gathered_passes
  addOperation(work, rates, { arithmetic: 0, bytes: gathered, times: terms.blocks / s.stage })
  addOperation(work, rates, { arithmetic: 0, bytes: gatheredWeightBytes(input, s, passes), times: 1 })
  const layerStarts = ((model.layers / s.stage) * 3 * c.layer_overhead_us) / 1e6
  work.busy = run.microbatches * (work.busy + layerStarts)
  work.arithmetic *= run.microbatches
  work.hbmBytes *= run.microbatches

  const stored = storedParameters(model, terms, s)
  const update = stored * (2 * dtypeBytes[run.weight_dtype] + 2 * optimizerBytes(run, input.framework) + 2 * dtypeBytes[run.gradient_dtype])
  addOperation(work, rates, { arithmetic: 0, bytes: update, times: 1 })

  const traffic = layerTraffic(input, { s, links, tokens, passes, stored })
  const sums = partialSumBytes(input, { s, tokens, products, weights: traffic.weights })
  addOperation(work, rates, { arithmetic: 0, bytes: run.microbatches * sums, times: 1 })
  const times = run.microbatches
  // a step is over when the slowest slice is
  const waits = c.slice_wait * Math.log2(s.slices) * work.busy
  const exposedBy = exposedOf(traffic, overlapsOf(c, { asyncGathers: input.asyncGathers, ring: s.model }), times, work.busy)
  exposedBy.dcn += waits

  const micro = run.pipeline_microbatches ?? s.stage
  const bubble = s.stage > 1 ? (s.stage - 1) / micro : 0
  const host = hostSeconds(input, s, tokens, stored)
  const waiting = Math.max(0, host - c.overlap_host * work.busy) + Math.min(host, c.overlap_host * work.busy) * (1 - c.overlap_host)
  return stepOf({
    busy: work.busy,
    sums: (run.microbatches * sums) / rates.hbm,
    compute: work.arithmetic,
    hbm: work.hbmBytes / rates.hbm,
    communication: times * sumOf(traffic) + waits,
    exposed: sumOf(exposedBy),
    exposedBy,
    host: waiting,
    stretch: 1 + bubble,
    overhead: c.step_overhead_ms / 1000,
  })
}

/** Activations that the policy keeps on the host go out and come back; so do the optimizer's states when they live there. */
function hostSeconds(input: TrainTimeInput, s: Shards, tokens: number, stored: number): number {
  const { run, rates } = input
  const activations = (2 * run.microbatches * tokens * savedPerToken(input, s).host) / s.stage
  const states = offloadsOptimizer(run) ? 2 * stored * optimizerBytes(run, input.framework) : 0
  return (activations + states) / rates.host
}
