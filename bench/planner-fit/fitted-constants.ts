import type { CostModel } from '../../src/planner/cost-model.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'

type TimeKey = keyof CostModel['time']

/** A constant that the fit may move: where it starts, and how far from there it is believed (a spread in log or logit units). */
export interface Fitted {
  key: TimeKey
  start: number
  spread: number
  /** A share stays between 0 and 1; a scale stays positive. */
  kind: 'share' | 'scale'
  /** Constants of one family are expected where the family's mean is, by `familySpread`, and the mean where each starts. */
  family?: string
}

/** How far apart, in logit units, the chips of one family may be: their systolic arrays have the same side. */
const familySpread = 0.15

/** The few constants that are fitted. Their starts are physical expectations, and the fit pays for leaving them. */
export const fittedConstants: readonly Fitted[] = [
  { key: 'matmul_efficiency_v4', start: 0.75, spread: 0.5, kind: 'share', family: 'a 128-wide array' },
  { key: 'matmul_efficiency_v5e', start: 0.75, spread: 0.5, kind: 'share', family: 'a 128-wide array' },
  { key: 'matmul_efficiency_v5p', start: 0.75, spread: 0.5, kind: 'share', family: 'a 128-wide array' },
  { key: 'matmul_efficiency_v6e', start: 0.75, spread: 0.5, kind: 'share', family: 'a 256-wide array' },
  { key: 'matmul_efficiency_tpu7x', start: 0.75, spread: 0.5, kind: 'share', family: 'a 256-wide array' },
  { key: 'attention_efficiency', start: 0.4, spread: 0.5, kind: 'share' },
  { key: 'quantized_efficiency', start: 0.8, spread: 0.5, kind: 'share' },
  { key: 'expert_efficiency_dropping', start: 1, spread: 0.3, kind: 'scale' },
  { key: 'expert_efficiency_dropless', start: 0.75, spread: 0.5, kind: 'share' },
  { key: 'expert_width_half', start: 512, spread: 0.5, kind: 'scale' },
  { key: 'quantized_experts', start: 0.3, spread: 0.7, kind: 'share' },
  { key: 'activation_links', start: 0.7, spread: 0.5, kind: 'share' },
  { key: 'elementwise_passes', start: 16, spread: 0.4, kind: 'scale' },
  { key: 'gathered_passes', start: 8, spread: 0.5, kind: 'scale' },
  { key: 'partial_sums', start: 1, spread: 0.4, kind: 'scale' },
  { key: 'overlap_weights', start: 0.6, spread: 0.7, kind: 'share' },
  { key: 'overlap_async', start: 0.5, spread: 0.7, kind: 'share' },
  { key: 'overlap_expert_weights', start: 0.3, spread: 0.7, kind: 'share' },
  { key: 'overlap_activations', start: 0.6, spread: 0.7, kind: 'share' },
  { key: 'overlap_keys', start: 0.1, spread: 0.7, kind: 'share' },
  { key: 'overlap_experts', start: 0.1, spread: 0.7, kind: 'share' },
  { key: 'slice_wait', start: 0.02, spread: 0.4, kind: 'scale' },
  { key: 'overlap_dcn', start: 0.7, spread: 0.7, kind: 'share' },
  { key: 'host_gbps_per_chip', start: 32, spread: 0.5, kind: 'scale' },
]

/** What it costs to leave the expectations, in squared spreads: of a constant its start, of a family's its mean. */
export function surprise(x: readonly number[]): number {
  let sum = 0
  for (const [family, members] of families) {
    const mean = members.reduce((total, i) => total + (x[i] ?? 0), 0) / members.length
    for (const i of members) {
      const { start, spread } = fittedConstants[i]!
      const alone = family === ''
      const expected = toFree(fittedConstants[i]!, start)
      if (alone) sum += (((x[i] ?? 0) - expected) / spread) ** 2
      else sum += (((x[i] ?? 0) - mean) / familySpread) ** 2 + ((mean - expected) / spread) ** 2 / members.length
    }
  }
  return sum
}

const families = groupBy(
  fittedConstants.map((_, i) => i),
  (i) => fittedConstants[i]?.family ?? '',
)

export function toFree({ kind }: Fitted, value: number): number {
  return kind === 'share' ? Math.log(value / (1 - value)) : Math.log(value)
}

export function fromFree({ kind }: Fitted, x: number): number {
  return kind === 'share' ? 1 / (1 + Math.exp(-x)) : Math.exp(x)
}

/** The cost model with other values for the fitted constants. */
export function withConstants(model: CostModel, fitted: readonly Fitted[], x: readonly number[]): CostModel {
  const time = { ...model.time }
  for (const [i, constant] of fitted.entries()) time[constant.key] = fromFree(constant, x[i]!)
  return { ...model, time }
}
