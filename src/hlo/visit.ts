import { calledBy } from './graph.ts'
import { loopParts, tripCount } from './trip-count.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** Where an instruction stands in a step. */
export interface Place {
  computation: HloComputation
  /** How often it runs in a step; loops whose count is not known count once, and `timesKnown` is then false. */
  times: number
  timesKnown: boolean
  /** The loops around it, the outermost first. */
  loops: readonly { instruction: HloInstruction; body: HloComputation; trips: number | null }[]
}

const maxDepth = 24

/**
 * Calls back for every instruction that a step executes by itself: the entry's, and those of loops, branches and calls inside it;
 * what lies inside fusions and asynchronous wrappers belongs to its wrapper. Stops after `maxVisits` instructions.
 */
export function visitStep(module: HloModule, visit: (instruction: HloInstruction, place: Place) => void, maxVisits = 5_000_000): void {
  let left = maxVisits
  const walk = (place: Place, depth: number): void => {
    if (depth > maxDepth) return
    for (const instruction of place.computation.instructions) {
      if (--left < 0) return
      visit(instruction, place)
      if (instruction.opcode === 'while') {
        const parts = loopParts(module, instruction)
        if (parts === null) continue
        const { trips } = tripCount(module, place.computation, instruction)
        const inner = { times: place.times * (trips ?? 1), timesKnown: place.timesKnown && trips !== null }
        const loops = [...place.loops, { instruction, body: parts.body, trips }]
        walk({ ...inner, computation: parts.condition, loops }, depth + 1)
        walk({ ...inner, computation: parts.body, loops }, depth + 1)
      } else if (instruction.opcode === 'call' || instruction.opcode === 'conditional') {
        for (const computation of calledBy(module, instruction)) walk({ ...place, computation }, depth + 1)
      }
    }
  }
  walk({ computation: module.entry, times: 1, timesKnown: true, loops: [] }, 0)
}
