import type { Kpis } from '../contract/profile-report.ts'
import { PromptsError } from '../errors.ts'
import { jobChips, jobPeakFlops, modelFlops } from './model/model-flops.ts'
import { modelTerms } from './model/model-terms.ts'
import { dtypeBytes, type Workload } from './workload.ts'

/**
 * The shortest step that the hardware allows, ms, with the arithmetic: FLOPs at peak, and for decoding also the bytes of the
 * weights.
 */
export function floorStepMs(workload: Workload): { ms: number; arithmetic: string } {
  const { chip, run, phase } = workload
  const chips = jobChips(workload)
  const flops = modelFlops(workload)
  const tflops = Math.max(
    chip.bf16_tflops,
    run.matmul_dtype === 'int8' ? (chip.int8_tflops ?? 0) : 0,
    run.matmul_dtype === 'fp8' ? (chip.fp8_tflops ?? 0) : 0,
  )
  const byFlops = (flops / (chips * tflops * 1e12)) * 1000
  const flopsText = `${(flops / 1e12).toPrecision(4)} TFLOP ÷ (${chips} chips × ${tflops} TFLOP/s) = ${byFlops.toPrecision(4)} ms`
  if (phase !== 'decode') return { ms: byFlops, arithmetic: flopsText }
  // every weight that a token needs crosses HBM once a step, at best once over all chips
  const bytes = modelTerms(workload.model).activeMatmul * dtypeBytes[run.weight_dtype]
  const byHbm = (bytes / (chips * chip.hbm_gbps * 1e9)) * 1000
  if (byHbm <= byFlops) return { ms: byFlops, arithmetic: flopsText }
  const text = `${(bytes / 1e9).toPrecision(4)} GB of weights ÷ (${chips} chips × ${chip.hbm_gbps} GB/s) = ${byHbm.toPrecision(4)} ms`
  return { ms: byHbm, arithmetic: text }
}

/** Throws `impossible_measurement` when a step is shorter than the hardware allows. */
export function checkMeasuredStep(workload: Workload, measuredMs: number): void {
  const floor = floorStepMs(workload)
  if (measuredMs >= floor.ms) return
  const mfu = modelFlops(workload) / ((measuredMs / 1000) * jobPeakFlops(workload))
  throw new PromptsError(
    'impossible_measurement',
    `A step of ${measuredMs} ms is shorter than the hardware allows: ${floor.arithmetic} at peak (the measurement would be an MFU of ${(mfu * 100).toFixed(0)}%).`,
    { hint: 'Check the step time, the global batch, the sequence length, the model and the number of chips: one of them is not what ran.' },
  )
}

/** Throws `impossible_measurement` when a share or utilization of a profile is not between 0 and 1. */
export function checkShares(kpis: Kpis): void {
  for (const [name, value] of Object.entries(kpis)) {
    const unbounded = name === 'step_time_ms' || name === 'peak_hbm_gib'
    if (value === null || unbounded || (value >= 0 && value <= 1.001)) continue
    throw new PromptsError(
      'impossible_measurement',
      `The profile's ${name} is ${(value * 100).toFixed(0)}%: a share of a peak lies between 0 and 100%.`,
      {
        hint: 'The profile or the peak it was measured against is not of this chip.',
      },
    )
  }
}
