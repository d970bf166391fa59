import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import type { CostModel } from '../../src/planner/cost-model.ts'
import { createEvaluator } from '../../src/planner/evaluate.ts'
import { gib } from '../../src/planner/footprint/memory-parts.ts'
import type { CompiledCase } from './compiled-cases.ts'
import { minimize } from './minimize.ts'
import { groupBy } from './statistics.ts'

/** Counts of live tensors, as read from schedules, and how far from there they are believed (a spread of their logarithm). */
export const memoryConstants: readonly { key: keyof CostModel['memory']; start: number; spread: number }[] = [
  { key: 'layer_embed_tensors', start: 8, spread: 0.25 },
  { key: 'layer_mlp_tensors', start: 5, spread: 0.2 },
  { key: 'gathered_embed_tensors', start: 6, spread: 0.3 },
  { key: 'gathered_layers', start: 1, spread: 0.3 },
  { key: 'cast_copies', start: 1, spread: 0.15 },
  { key: 'moe_hidden_tensors', start: 5, spread: 0.2 },
  { key: 'moe_embed_tensors', start: 2, spread: 0.3 },
]

const priorWeight = 0.0005
const huber = 0.05

/** Fits the counts to the peaks of programs that fit: an out-of-memory figure is what is left after the compiler saved memory. */
export function fitMemory(base: CostModel, cases: readonly CompiledCase[]): CostModel {
  const workloads = [
    ...groupBy(
      cases.filter(({ status, workload }) => status === 'fits' && workload.phase === 'train'),
      ({ group }) => group,
    ).values(),
  ]
  const apply = (x: readonly number[]): CostModel => {
    const memory = { ...base.memory }
    for (const [i, { key, start }] of memoryConstants.entries()) memory[key] = start * Math.exp(x[i]!)
    return { ...base, memory }
  }
  const loss = (x: readonly number[]): number => {
    const constants = apply(x)
    let sum = 0
    for (const group of workloads) {
      let own = 0
      for (const compiled of group) {
        const error = Math.abs(Math.log(requiredGib(compiled, constants) / compiled.requiredGib))
        own += error < huber ? (error * error) / 2 : huber * (error - huber / 2)
      }
      sum += own / group.length
    }
    for (const [i, { spread }] of memoryConstants.entries()) sum += priorWeight * (x[i]! / spread) ** 2
    return sum
  }
  return apply(
    minimize(
      loss,
      memoryConstants.map(() => 0),
      { step: 0.1 },
    ),
  )
}

export function requiredGib({ workload }: CompiledCase, constants: CostModel): number {
  const ici = toTuple(workload.mesh!)
  return createEvaluator(workload, constants)(ici, toTuple(workload.dcn), physicalPlacement(ici, workload.slice)).memory.required / gib
}
