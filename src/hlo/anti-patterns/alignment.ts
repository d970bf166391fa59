import { calledBy, operandOf } from '../graph.ts'
import type { HloComputation, HloInstruction, HloModule } from '../types.ts'
import { visitStep } from '../visit.ts'
import type { Occurrence, Rule } from './finding.ts'

/**
 * Matmuls whose contracted or output features, as the model axis left them, are no multiple of the systolic array: the rest of
 * its last tile computes nothing. Only with a model axis, which is what splits the mlp.
 */
export const unalignedSplit: Rule = (module, { mesh, mxuSide }) => {
  if (mxuSide === null || !mesh?.some(({ name, size }) => name === 'model' && size > 1)) return null
  const occurrences: Occurrence[] = []
  const sizes = new Set<number>()
  visitStep(module, (instruction, place) => {
    if (place.loops.length === 0) return
    const bad = unaligned(module, place.computation, instruction, mxuSide)
    if (bad === null) return
    sizes.add(bad)
    occurrences.push({ instruction, place, bytes: null })
  })
  if (occurrences.length === 0) return null
  const list = [...sizes]
    .sort((a, b) => b - a)
    .slice(0, 3)
    .join(', ')
  return {
    kind: 'unaligned_split',
    occurrences,
    fix: `Matmul dimensions of ${list} are no multiple of ${mxuSide}: choose a model degree that splits the mlp into multiples of it, or pad.`,
  }
}

/** A feature dimension larger than the array and no multiple of it. */
function unaligned(module: HloModule, computation: HloComputation, instruction: HloInstruction, side: number): number | null {
  if (instruction.opcode === 'fusion') {
    for (const inner of calledBy(module, instruction)) {
      for (const each of inner.instructions) {
        const bad = each.opcode === 'fusion' ? null : unaligned(module, inner, each, side)
        if (bad !== null) return bad
      }
    }
    return null
  }
  for (const dim of featureDims(computation, instruction)) if (dim > side && dim % side !== 0) return dim
  return null
}

function featureDims(computation: HloComputation, instruction: HloInstruction): number[] {
  const kernel = operandOf(computation, instruction, 1)
  if (instruction.opcode === 'convolution' && instruction.convolution && kernel) {
    const { kernelInputFeature, kernelOutputFeature } = instruction.convolution
    return [kernel.shape.dims[kernelInputFeature] ?? 0, kernel.shape.dims[kernelOutputFeature] ?? 0]
  }
  if (instruction.opcode !== 'dot' || !instruction.dot || !kernel) return []
  const { rhsContracting, rhsBatch } = instruction.dot
  return kernel.shape.dims.filter((_, i) => rhsContracting.includes(i) || !rhsBatch.includes(i))
}
