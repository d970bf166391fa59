import { axesOf } from './infer-model.ts'
import { type InferredJob, likely, sure } from './inferred.ts'
import type { ProgramInput } from './program-inputs.ts'
import type { Weight } from './weight-roles.ts'

/** How the inputs of a program are split, by what is split. */
interface Splits {
  batch: number
  sequence: number
  heads: number
  mlp: number
  experts: number
  layers: number
  /** The residual axis of attention weights: every axis that shards weights as FSDP does. */
  weights: number
}

/**
 * The mesh from what is split over how many devices: heads and MLP by the tensor axis, experts by the expert axis, layers by
 * pipeline stages, the sequence of the batch or of the cache by the sequence axis. The weights' residual axis is split by data,
 * sequence and expert axes, the batch by replica, data and expert; what is left of all devices is replicas.
 */
export function inferMesh(
  weights: readonly Weight[],
  inputs: readonly ProgramInput[],
  { embed, devices, sequenceSplit, batchSplit }: { embed: number; devices: number; sequenceSplit: number; batchSplit: number | null },
): InferredJob['mesh'] {
  if (inputs.length === 0) return null
  const splits = splitsOf(weights, embed, { sequenceSplit, batchSplit: batchSplit ?? 1 })
  const { heads, experts: expert, layers: stage, sequence: seq } = splits
  const model = heads > 1 ? heads : splits.mlp
  const rest = devices / (seq * model * expert * stage)
  const fits = dataSplits(splits).filter((data) => Number.isInteger(data) && Number.isInteger(rest / data))
  const batch = (data: number) => (rest / data) * data * expert
  const data = fits.find((one) => splits.batch === 1 || batch(one) === splits.batch) ?? fits[0]
  if (data === undefined) return null
  // without a batch nothing tells replicas, data and sequence apart
  const agrees = batchSplit !== null && (splits.batch === 1 || batch(data) === splits.batch)
  const whole = heads === 1 || splits.mlp === heads || splits.mlp === 1
  return {
    replica: (agrees ? sure : likely)(rest / data, 'what is left of all devices, and splits the batch only'),
    stage: sure(stage, 'the split of the layers'),
    data: (agrees ? sure : likely)(
      data,
      `weights are split ${splits.weights} ways${seq * expert > 1 ? ', sequence and expert axes taken away' : ''}`,
    ),
    seq: (batchSplit === null ? likely : sure)(seq, 'the split of the sequence'),
    model: (whole ? sure : likely)(model, 'the split of heads and MLP'),
    expert: sure(expert, 'the split of the experts'),
  }
}

/** What the data axis may be: weights' residual axis is split by it, and in most programs by the sequence and expert axes too. */
function dataSplits({ weights, sequence, experts }: Splits): number[] {
  return [...new Set([weights / (sequence * experts), weights / experts, weights / sequence, weights])]
}

function splitsOf(weights: readonly Weight[], embed: number, given: { sequenceSplit: number; batchSplit: number }): Splits {
  const splits: Splits = { batch: given.batchSplit, sequence: given.sequenceSplit, heads: 1, mlp: 1, experts: 1, layers: 1, weights: 1 }
  for (const weight of weights) {
    const axes = axesOf(weight, embed)
    if (axes === null) continue
    const at = (axis: number | null) => (axis === null ? 1 : weight.split[axis]!)
    if (weight.role === 'query' || weight.role === 'attention_out') splits.heads = Math.max(splits.heads, at(axes.heads))
    splits.mlp = Math.max(splits.mlp, at(axes.mlp))
    splits.experts = Math.max(splits.experts, at(axes.experts))
    splits.layers = Math.max(splits.layers, at(axes.layers))
    if (!weight.routed) splits.weights = Math.max(splits.weights, at(axes.embed))
  }
  return splits
}
