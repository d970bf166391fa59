import { loopParts, tripCount } from '../trip-count.ts'
import type { HloComputation, HloModule } from '../types.ts'

const maxDepth = 20

/**
 * How often a loop of the entry runs that has loops over layers within; null where there is none (the layers' loops are the
 * outermost). `stacks`: how many layers a loop goes over.
 */
export function outerTrips(module: HloModule, stacks: ReadonlySet<number>): number | null {
  if (stacks.size === 0) return null
  for (const { computation, loop, trips } of loopsOf(module, module.entry)) {
    const parts = loopParts(module, loop)
    if (trips === null || parts === null || computation !== module.entry) continue
    const inner = loopsBelow(module, parts.body, 0)
    if (!stacks.has(trips) && inner.some((count) => stacks.has(count))) return trips
  }
  return null
}

/**
 * How many microbatches go through a pipeline of so many stages: its loop runs once for each and each pass through the stages,
 * and stages - 1 times more. The layers of a stage are a loop within, or written out one after the other. Null where no loop is
 * like that. `stacks`: how many layers lie in one weight, over all stages and passes.
 */
export function pipelineMicrobatches(
  module: HloModule,
  { stacks, stages, batch }: { stacks: ReadonlySet<number>; stages: number; batch: number },
): number | null {
  const stack = Math.max(stages, ...stacks)
  for (const { trips, inner } of loopsWithin(module, module.entry, 0)) {
    const own = inner.length === 0 ? 1 : inner.find((count) => stack % (stages * count) === 0)
    if (own === undefined || trips <= stages) continue
    const passes = stack / (stages * own)
    const count = (trips - stages + 1) / passes
    if (Number.isInteger(passes) && Number.isInteger(count) && batch % count === 0) return count
  }
  return null
}

/** Every loop with the loops right within it, the outer ones first. */
function loopsWithin(module: HloModule, computation: HloComputation, depth: number): { trips: number; inner: number[] }[] {
  if (depth > maxDepth) return []
  return loopsOf(module, computation).flatMap(({ loop, trips }) => {
    const parts = loopParts(module, loop)
    if (parts === null) return []
    const inner = loopsOf(module, parts.body).flatMap((one) => (one.trips === null ? [] : [one.trips]))
    return [...(trips === null ? [] : [{ trips, inner }]), ...loopsWithin(module, parts.body, depth + 1)]
  })
}

/** The loops of one computation, and how often each runs where that is told. */
export function loopsOf(module: HloModule, computation: HloComputation) {
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
