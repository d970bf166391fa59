import { calledBy, operandOf, operandsOf } from './graph.ts'
import { bytesOf, inMemorySpace } from './shape.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** The TPU compiler's number for the host's memory. */
const hostSpace = 5

/** What a `copy-start` or an `async-start` without a collective moves, and whether the host's memory is at one end. */
export function transferOf(module: HloModule, computation: HloComputation, start: HloInstruction): { bytes: number; host: boolean } {
  const wrapped = calledBy(module, start)[0]
  const root = wrapped?.root
  const host = inMemorySpace(start.shape, hostSpace) || operandsOf(computation, start).some(({ shape }) => inMemorySpace(shape, hostSpace))
  if (wrapped && root) {
    // an update moves what it writes, not the array it writes into
    const moved = root.opcode === 'dynamic-update-slice' ? (operandOf(wrapped, root, 1) ?? root) : root
    return { bytes: bytesOf(moved.shape), host }
  }
  const operand = operandOf(computation, start, 0)
  return { bytes: operand ? bytesOf(operand.shape) : 0, host }
}
