import { isEngine } from '../contract/experiment.ts'
import { kvCacheBytes } from './footprint/kv-cache.ts'
import { gib } from './footprint/memory-parts.ts'
import { optimizerBytes } from './footprint/optimizer-state.ts'
import { jobChips, jobPeakFlops, modelFlops } from './model/model-flops.ts'
import { type ModelTerms, modelTerms } from './model/model-terms.ts'
import { servingConstants } from './serving/serving-constants.ts'
import type { Shards } from './shards.ts'
import { dtypeBytes, type Workload } from './workload.ts'

/** What no mesh of a slice goes below, from sums over the whole job alone. */
export interface SizeFloor {
  /** The share of a device's memory that weights, optimizer states and cache need. */
  need: number
  stepMs: number
}

/** One device that holds everything. */
const whole: Shards = {
  ...{ replica: 1, stage: 1, data: 1, seq: 1, model: 1, expert: 1, sliceDevices: 1, slices: 1, batch: 1, weights: 1 },
  ...{ expertWeights: 1, spreadKv: false, vocab: 1, embed: 1 },
}

/**
 * Weights once, and what belongs to them, over all devices; arithmetic at peak, or in an engine's step what each layer and the
 * host cost.
 */
export function sizeFloor(workload: Workload): SizeFloor {
  const { model, run, slice, slices, chip, phase, framework } = workload
  const terms = modelTerms(model)
  const devices = slice.devices * slices
  const training = phase === 'train'
  const states = training ? optimizerBytes(run, framework) : 0
  const cache = training ? 0 : kvCacheBytes({ terms, run, windowedCache: true }, whole)
  const bytes = terms.total * (dtypeBytes[run.weight_dtype] + states) + cache
  const peakMs = (modelFlops(workload) / jobPeakFlops(workload)) * 1000
  const readMs = phase === 'decode' ? (cache / (jobChips(workload) * chip.hbm_gbps * 1e9)) * 1000 : 0
  return {
    need: bytes / devices / (chip.hbm_available_gib_per_device * gib),
    stepMs: Math.max(peakMs, readMs) / matmulGain(workload) + engineMs(workload, terms),
  }
}

/** int8 and fp8 products may be this much faster than the bf16 peak. */
function matmulGain({ chip, run }: Workload): number {
  const fast = run.matmul_dtype === 'int8' ? chip.int8_tflops : run.matmul_dtype === 'fp8' ? chip.fp8_tflops : null
  return Math.max(1, (fast ?? 0) / chip.bf16_tflops)
}

function engineMs({ framework, phase }: Workload, terms: ModelTerms): number {
  if (phase !== 'decode' || !isEngine(framework)) return 0
  const { layer_us: layerUs, host_ms: hostMs } = servingConstants.engines[framework]
  return hostMs + (terms.layers * layerUs) / 1000
}
