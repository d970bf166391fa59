import { loopParts, tripCount } from '../trip-count.ts'
import type { HloComputation, HloModule } from '../types.ts'

const maxDepth = 20

/**
 * How often a loop of the entry runs that has loops over all layers within; null where there is none (the layers' loops are the
 * outermost).
 */
export function outerTrips(module: HloModule, layers: number | null): number | null {
  if (layers === null) return null
  for (const { computation, loop, trips } of loopsOf(module, module.entry)) {
    const parts = loopParts(module, loop)
    if (trips === null || parts === null || computation !== module.entry) continue
    const inner = loopsBelow(module, parts.body, 0)
    if (trips !== layers && inner.some((count) => count === layers)) return trips
  }
  return null
}

function loopsOf(module: HloModule, computation: HloComputation) {
  return computation.instructions
    .filter((instruction) => instruction.opcode === 'while')
    .map((loop) => ({ computation, loop, trips: tripCount(module, computation, loop).trips }))
}

function loopsBelow(module: HloModule, computation: HloComputation, depth: number): number[] {
  if (depth > maxDepth) return []
  return loopsOf(module, computation).flatMap(({ loop, trips }) => {
    const parts = loopParts(module, loop)
    return [...(trips === null ? [] : [trips]), ...(parts === null ? [] : loopsBelow(module, parts.body, depth + 1))]
  })
}
