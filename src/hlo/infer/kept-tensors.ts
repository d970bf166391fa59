import { loopParts } from '../trip-count.ts'
import type { HloComputation, HloModule, HloShape } from '../types.ts'
import { loopsOf } from './step-loops.ts'

const maxDepth = 4
/** Memory of the host, in the compiler's numbers. */
const hostMemory = 5

/** What a pass over the layers hands on from each of them, beside weights. */
export interface KeptTensors {
  /** Dimensions without that of the layers, each shape once. */
  shapes: (readonly number[])[]
  onHost: boolean
}

/**
 * What the loops over layers hold of each layer: what recomputation keeps. The compiler may take the first or the last turn out
 * of a loop. Null where no loop over so many layers (`stacks`) holds anything, as where the layers are written out one by one.
 */
export function keptTensors(module: HloModule, stacks: ReadonlySet<number>): KeptTensors | null {
  const weights = new Set(module.entry.instructions.filter(({ opcode }) => opcode === 'parameter').map(({ shape }) => keyOf(shape.dims)))
  const kept = heldBelow(module, module.entry, stacks, 0).filter((shape) => isKept(shape, weights))
  if (kept.length === 0) return null
  const shapes = new Map(kept.map(({ dims }) => [dims.join(), dims.slice(1)]))
  return { shapes: [...shapes.values()], onHost: kept.some(({ memorySpace }) => memorySpace === hostMemory) }
}

function heldBelow(module: HloModule, computation: HloComputation, stacks: ReadonlySet<number>, depth: number): HloShape[] {
  if (depth > maxDepth) return []
  return loopsOf(module, computation).flatMap(({ loop, trips }) => {
    const parts = loopParts(module, loop)
    if (parts === null) return []
    const held = loop.shape.elements.filter(({ dims }) => {
      const [layers = 0] = dims
      return trips !== null && stacks.has(layers) && (layers === trips || layers === trips + 1)
    })
    return [...held, ...heldBelow(module, parts.body, stacks, depth + 1)]
  })
}

function isKept({ type, dims }: HloShape, weights: ReadonlySet<string>): boolean {
  return /^(bf16|f16|f32|f8)/.test(type) && dims.length >= 3 && !weights.has(keyOf(dims))
}

/** The sizes of a shape in whatever order it lies, without those of 1. */
function keyOf(dims: readonly number[]): string {
  return dims
    .filter((size) => size > 1)
    .toSorted((a, b) => a - b)
    .join()
}
