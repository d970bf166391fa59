import json from '../../knowledge/chips.json' with { type: 'json' }
import { type ChipName, chips } from '../contract/chip.ts'
import type { Phase } from '../contract/experiment.ts'
import { type BottleneckClass, bottleneckClasses, type Kpis } from '../contract/profile-report.ts'

/** What decides how a workload is best sharded. `null` where nobody knows. */
export interface WorkloadFeatures {
  chip: ChipName
  phase: Phase
  /** JAX devices of the whole job, and the slices they come in. */
  devices: number | null
  slices: number
  parameters: number | null
  /** Parameters a token meets; equal to `parameters` for a dense model. */
  activeParameters: number | null
  tokensPerDevice: number | null
  seqLen: number | null
  bottleneck: BottleneckClass | null
  kpis: Pick<
    Kpis,
    'duty_cycle' | 'mxu_utilization' | 'hbm_bandwidth_utilization' | 'communication_share' | 'exposed_communication_share'
  > | null
}

/** Raised whenever the layout below changes; stored vectors of another version are made anew. */
export const signatureVersion = 1

/** A quantity's place between two powers of ten; beyond them it stays at the end. */
interface Scale {
  low: number
  high: number
  weight: number
}

const scales = {
  devices: { low: 1, high: 16_384, weight: 1 },
  slices: { low: 1, high: 64, weight: 0.5 },
  parameters: { low: 1e8, high: 2e12, weight: 1.2 },
  sparsity: { low: 1, high: 64, weight: 1 },
  tokensPerDevice: { low: 8, high: 262_144, weight: 0.8 },
  seqLen: { low: 256, high: 1_048_576, weight: 0.8 },
} satisfies Record<string, Scale>

const kpiWeights = {
  duty_cycle: 0.3,
  mxu_utilization: 0.3,
  hbm_bandwidth_utilization: 0.3,
  communication_share: 0.4,
  exposed_communication_share: 0.4,
} as const
const kpiNames = Object.keys(kpiWeights) as (keyof typeof kpiWeights)[]

const oneHotWeights = { chip: 0.9, torus: 0.4, phase: 1.2, bottleneck: 0.7 }

/**
 * A workload as a unit vector whose cosine says how alike two workloads are for sharding. A category takes one place each. A
 * quantity x, put on [0, 1] by its logarithm, takes two: (cos xπ/2, sin xπ/2), so that two workloads lose likeness as they move
 * apart, whatever else they share; what is unknown takes (0, 0) and neither gives nor takes.
 */
export function workloadSignature(features: WorkloadFeatures): number[] {
  const vector: number[] = []
  for (const chip of chips) vector.push(features.chip === chip ? oneHotWeights.chip : 0)
  for (const dims of [2, 3]) vector.push(json.chips[features.chip].torus_dims === dims ? oneHotWeights.torus : 0)
  for (const phase of ['train', 'prefill', 'decode'] as const) vector.push(features.phase === phase ? oneHotWeights.phase : 0)
  for (const name of bottleneckClasses) {
    if (name !== 'unknown') vector.push(features.bottleneck === name ? oneHotWeights.bottleneck : 0)
  }
  vector.push(
    ...onArc(features.devices, scales.devices),
    ...onArc(features.slices, scales.slices),
    ...onArc(features.parameters, scales.parameters),
    ...onArc(sparsityOf(features), scales.sparsity),
    ...onArc(features.tokensPerDevice, scales.tokensPerDevice),
    ...onArc(features.seqLen, scales.seqLen),
  )
  for (const name of kpiNames) vector.push(...shareOnArc(features.kpis?.[name] ?? null, kpiWeights[name]))
  return toUnitLength(vector)
}

/** Places of the vector. */
export const signatureLength = chips.length + 2 + 3 + (bottleneckClasses.length - 1) + Object.keys(scales).length * 2 + kpiNames.length * 2

function sparsityOf({ parameters, activeParameters }: WorkloadFeatures): number | null {
  return parameters === null || activeParameters === null ? null : parameters / Math.max(1, activeParameters)
}

function onArc(value: number | null, scale: Scale): [number, number] {
  if (value === null || !(value > 0)) return [0, 0]
  const place = Math.log(value / scale.low) / Math.log(scale.high / scale.low)
  return shareOnArc(place, scale.weight)
}

function shareOnArc(share: number | null, weight: number): [number, number] {
  if (share === null) return [0, 0]
  const angle = (Math.min(1, Math.max(0, share)) * Math.PI) / 2
  return [Math.cos(angle) * weight, Math.sin(angle) * weight]
}

/** A vector of length 1 in the same direction; the zero vector stays. */
export function toUnitLength(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector)
  return length > 0 ? vector.map((value) => value / length) : [...vector]
}

/** Cosine of two unit vectors. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}
