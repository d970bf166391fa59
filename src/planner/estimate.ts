import type { Estimate, Memory } from '../contract/verdict.ts'
import type { Baseline } from './baseline.ts'
import { type Calibration, calibrated } from './calibrate.ts'
import type { CostModel } from './cost-model.ts'
import type { Figures } from './figures.ts'
import { gib } from './footprint/memory-parts.ts'
import { memoryCertainty } from './memory-probability.ts'
import { jobChips, jobPeakFlops, modelFlops, tokensPerStep } from './model/model-flops.ts'
import { gainOf, pairSpread, stepShares } from './pair-errors.ts'
import { servedLatency } from './serving/request-mix.ts'
import { timeKindOf, validatedBy } from './time-errors.ts'
import type { Workload } from './workload.ts'

/** The contract's memory figures of a candidate with so many pipeline stages. */
export function memoryOf(workload: Workload, { memory, margin }: Figures, stages: number): Memory {
  const available = workload.chip.hbm_available_gib_per_device
  const { probability, certainty } = memoryCertainty(workload, margin, stages)
  return {
    fits: probability >= 0.5,
    probability: round(probability),
    certainty,
    margin: round(1 - memory.required / gib / available),
    required_gib: round(memory.required / gib),
    available_gib: available,
    breakdown: {
      parameters: round(memory.parameters / gib),
      optimizer: round(memory.optimizer / gib),
      gradients: round(memory.gradients / gib),
      activations: round(memory.activations / gib),
      logits: round(memory.logits / gib),
      kv_cache: round(memory.kvCache / gib),
      workspace: round(memory.workspace / gib),
    },
  }
}

/**
 * The contract's time and cost figures of a candidate. Dollars are chip-hours at the chip's price, with those in which the job
 * makes no progress.
 */
export function estimateOf(options: {
  workload: Workload
  figures: Figures
  calibration: Calibration
  constants: CostModel
  /** What runs; null where nothing can be compared with. */
  baseline: Baseline | null
  /** Data-parallel replicas of a serving engine, which share its requests. */
  replicas: number
}): Estimate {
  const { workload, calibration, constants, baseline } = options
  const { timing } = options.figures
  const t = calibrated(timing, calibration)
  const chips = jobChips(workload)
  const tokens = tokensPerStep(workload)
  const usdPerStep = (t.step / 3600) * chips * (workload.chip.usd_per_chip_hour / workload.chip.goodput)
  const stepMs = round(t.step * 1000)
  const served = servedLatency(workload, { law: timing.law, memory: options.figures.memory, replicas: options.replicas })
  return {
    step_time_ms: stepMs,
    low_ms: round(t.step * calibration.low * 1000),
    high_ms: round(t.step * calibration.high * 1000),
    compute_ms: round(t.compute * 1000),
    hbm_ms: round(t.hbm * 1000),
    communication_ms: round(t.communication * 1000),
    exposed_communication_ms: round(t.exposed * 1000),
    host_ms: round(t.host * 1000),
    mfu: workload.phase === 'decode' ? null : round(modelFlops(workload) / (t.step * jobPeakFlops(workload))),
    tokens_per_second_per_chip: round(tokens / t.step / chips),
    usd_per_1000_steps: round(usdPerStep * 1000),
    usd_per_million_tokens: round((usdPerStep / tokens) * 1e6),
    ttft_ms: served ? round(served.ttft * 1000) : workload.phase === 'prefill' ? stepMs : null,
    tpot_ms: served ? round(served.tpot * 1000) : workload.phase === 'decode' ? stepMs : null,
    ttft_p99_ms: served ? round(served.ttftP99 * 1000) : null,
    tpot_p99_ms: served ? round(served.tpotP99 * 1000) : null,
    gain:
      baseline &&
      gainOf(tokens / t.step / baseline.tokensPerSecond, pairSpread(stepShares(timing, calibration), baseline.shares, constants.pair)),
    validated: validatedBy(timeKindOf(workload)),
  }
}

/** Six significant digits: more would only be noise in the JSON. */
function round(value: number): number {
  return Number(value.toPrecision(6))
}
