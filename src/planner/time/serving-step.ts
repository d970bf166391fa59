import type { Shards } from '../shards.ts'
import type { LayerTraffic } from './layer-traffic.ts'
import type { LayerInput } from './layer-work.ts'
import { stepOf, type Timing } from './timing.ts'
import type { Work } from './work.ts'

/** A forward step: a pipeline's stages follow each other, gathers of weights hide behind compute, the rest hardly does. */
export function servingStep(
  { model, rates, constants: c }: LayerInput,
  { s, work, traffic, layerUs }: { s: Shards; work: Work; traffic: LayerTraffic; layerUs: number },
): Timing {
  const busy = work.busy + ((model.layers / s.stage) * layerUs) / 1e6
  const communication = traffic.weights + traffic.activations + traffic.keys + traffic.experts + traffic.dcn
  const hidden = Math.min(
    busy,
    c.overlap_weights * traffic.weights +
      c.overlap_activations * traffic.activations +
      c.overlap_keys * traffic.keys +
      c.overlap_experts * traffic.experts +
      c.overlap_dcn * traffic.dcn,
  )
  const exposed = communication - hidden
  return stepOf({
    busy,
    compute: work.arithmetic,
    hbm: work.hbmBytes / rates.hbm,
    communication,
    exposed,
    host: 0,
    stretch: s.stage,
    overhead: 0,
  })
}
