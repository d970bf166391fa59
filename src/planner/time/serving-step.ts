import type { Shards } from '../shards.ts'
import { exposedOf, overlapsOf, sumOf } from './exposed.ts'
import type { LayerTraffic } from './layer-traffic.ts'
import type { LayerInput } from './layer-work.ts'
import { stepOf, type Timing } from './timing.ts'
import type { Work } from './work.ts'

/**
 * A forward step: a pipeline's stages follow each other, and collectives hide behind compute as far as there is any. `ring`: the
 * members of the model axis where its activations move in chunks beside the products that make and take them; 1 where they do
 * not.
 */
export function servingStep(
  { model, rates, constants: c }: LayerInput,
  { s, work, traffic, layerUs, host, ring }: { s: Shards; work: Work; traffic: LayerTraffic; layerUs: number; host: number; ring: number },
): Timing {
  const busy = work.busy + ((model.layers / s.stage) * layerUs) / 1e6
  const exposedBy = exposedOf(traffic, overlapsOf(c, { asyncGathers: false, ring }), 1, busy)
  return stepOf({
    busy,
    sums: 0,
    compute: work.arithmetic,
    hbm: work.hbmBytes / rates.hbm,
    communication: sumOf(traffic),
    exposed: sumOf(exposedBy),
    exposedBy,
    host,
    stretch: s.stage,
    overhead: 0,
  })
}
