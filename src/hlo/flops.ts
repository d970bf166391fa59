import { calledBy, operandOf } from './graph.ts'
import { elementsOf } from './shape.ts'
import type { HloComputation, HloInstruction, HloModule, WindowDim } from './types.ts'

/** FLOPs of the matmuls and convolutions of an instruction, those inside a fusion included (2 for each multiply-add). */
export function matmulFlops(module: HloModule, computation: HloComputation, instruction: HloInstruction): number {
  if (instruction.opcode === 'dot') return dotFlops(computation, instruction)
  if (instruction.opcode === 'convolution') return convolutionFlops(computation, instruction)
  if (instruction.opcode !== 'fusion') return 0
  const cached = cache.get(instruction)
  if (cached !== undefined) return cached
  let sum = 0
  for (const inner of calledBy(module, instruction)) {
    if (inner === computation) continue
    for (const each of inner.instructions) sum += nestedFlops(module, inner, each, 0)
  }
  cache.set(instruction, sum)
  return sum
}

const cache = new WeakMap<HloInstruction, number>()

function nestedFlops(module: HloModule, computation: HloComputation, instruction: HloInstruction, depth: number): number {
  if (instruction.opcode !== 'fusion') return matmulFlops(module, computation, instruction)
  if (depth > 8) return 0
  let sum = 0
  for (const inner of calledBy(module, instruction))
    for (const each of inner.instructions) sum += nestedFlops(module, inner, each, depth + 1)
  return sum
}

function dotFlops(computation: HloComputation, dot: HloInstruction): number {
  const lhs = operandOf(computation, dot, 0)
  if (lhs === null || dot.dot === null) return 0
  let contracted = 1
  for (const dim of dot.dot.lhsContracting) contracted *= lhs.shape.dims[dim] ?? 1
  return 2 * elementsOf(dot.shape) * contracted
}

/** Counts the multiply-adds that touch data, not padding or the holes of a dilation, as XLA's cost analysis does. */
function convolutionFlops(computation: HloComputation, convolution: HloInstruction): number {
  const dims = convolution.convolution
  const input = operandOf(computation, convolution, 0)
  const kernel = operandOf(computation, convolution, 1)
  if (dims === null || input === null || kernel === null) return 0
  let flops = 2 * elementsOf(convolution.shape) * (kernel.shape.dims[dims.kernelInputFeature] ?? 1)
  for (const [i, window] of convolution.window.entries()) {
    const output = convolution.shape.dims[dims.outputSpatial[i] ?? -1] ?? 1
    const inputs = input.shape.dims[dims.inputSpatial[i] ?? -1] ?? 1
    if (output > 0) flops *= touched(window, output, inputs) / output
  }
  return flops
}

/** Pairs of an output position and a window position that meet an element of the input. */
function touched(window: WindowDim, outputs: number, inputs: number): number {
  if (window.size <= 1 || outputs * window.size > 1 << 20) return outputs * (window.size <= 1 ? 1 : Math.min(window.size, inputs))
  const base = Math.max(1, window.baseDilation)
  const extent = (inputs - 1) * base + 1
  let pairs = 0
  for (let out = 0; out < outputs; out++) {
    for (let k = 0; k < window.size; k++) {
      const position = out * window.stride - window.padLow + k * Math.max(1, window.windowDilation)
      if (position >= 0 && position < extent && position % base === 0) pairs++
    }
  }
  return pairs
}
