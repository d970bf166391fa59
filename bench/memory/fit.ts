import type { CostModel } from '../../src/planner/cost-model.ts'
import type { MemoryCase } from '../../test/support/measured/memory-cases.ts'
import { predictGib } from '../../test/support/measured/predict-gib.ts'
import { minimize } from '../planner-fit/minimize.ts'

/**
 * Counts of live tensors, as read from compiled schedules, and how far from there they are believed (a spread of their
 * logarithm).
 */
export const memoryConstants: readonly { key: keyof CostModel['memory']; start: number; spread: number }[] = [
  { key: 'layer_embed_tensors', start: 5, spread: 0.25 },
  { key: 'layer_query_tensors', start: 6, spread: 0.25 },
  { key: 'layer_mlp_tensors', start: 3, spread: 0.1 },
  { key: 'alone_mlp_tensors', start: 1.5, spread: 0.2 },
  { key: 'gathered_embed_tensors', start: 6, spread: 0.3 },
  { key: 'gathered_layers', start: 1, spread: 0.3 },
  { key: 'cast_copies', start: 1, spread: 0.15 },
  { key: 'moe_hidden_tensors', start: 3, spread: 0.2 },
  { key: 'moe_embed_tensors', start: 4.5, spread: 0.2 },
  { key: 'dropping_embed_tensors', start: 3, spread: 0.2 },
  // the share of the optimizer's states on the host that is back on the device before it is needed
  { key: 'offloaded_states', start: 0.1, spread: 0.5 },
]

const priorWeight = 0.0005
const huber = 0.05

/**
 * Fits the counts to the peaks of programs that fit: an out-of-memory figure is what is left after the compiler saved memory. A
 * model weighs by the square root of its programs, so that neither one odd model nor one long series decides.
 */
export function fitMemory(base: CostModel, cases: readonly MemoryCase[]): CostModel {
  const fitting = cases.filter(({ status, atMost }) => status === 'fits' && !atMost)
  const programs = new Map<string, number>()
  for (const { model } of fitting) programs.set(model, (programs.get(model) ?? 0) + 1)
  const apply = (x: readonly number[]): CostModel => {
    const memory = { ...base.memory }
    for (const [i, { key, start }] of memoryConstants.entries()) memory[key] = start * Math.exp(x[i]!)
    return { ...base, memory }
  }
  const loss = (x: readonly number[]): number => {
    const constants = apply(x)
    let sum = 0
    for (const one of fitting) {
      const error = Math.abs(Math.log(predictGib(one, constants) / one.requiredGib))
      sum += (error < huber ? (error * error) / 2 : huber * (error - huber / 2)) / Math.sqrt(programs.get(one.model)!)
    }
    for (const [i, { spread }] of memoryConstants.entries()) sum += priorWeight * (x[i]! / spread) ** 2
    return sum
  }
  const start = memoryConstants.map(() => 0)
  return apply(minimize(loss, start, { step: 0.1 }))
}
