import { operandOf } from './graph.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** A whole number that is known, or an element of the computation's tuple parameter plus a known number. */
export type Scalar = { element: number | null; plus: number }

const passing = new Set(['copy', 'bitcast', 'reshape', 'convert', 'broadcast', 'optimization-barrier', 'opt-barrier', 'copy-done'])
const maxSteps = 200

/** Where a scalar comes from, through copies, additions of constants, tuples and fusions; null when that is not simple. */
export function scalarOf(module: HloModule, computation: HloComputation, instruction: HloInstruction | null): Scalar | null {
  return resolve({ module, computation, parameters: null, left: { steps: maxSteps } }, instruction)
}

interface Scope {
  module: HloModule
  computation: HloComputation
  /** Inside a fusion: the values of its parameters. Null: the parameter is the tuple whose elements are named. */
  parameters: readonly (Scalar | null)[] | null
  left: { steps: number }
}

function resolve(scope: Scope, instruction: HloInstruction | null): Scalar | null {
  if (instruction === null || --scope.left.steps < 0) return null
  const operand = (index: number) => operandOf(scope.computation, instruction, index)
  const { opcode } = instruction
  if (opcode === 'constant') return instruction.literal === null ? null : { element: null, plus: instruction.literal }
  if (opcode === 'parameter') return scope.parameters?.[instruction.parameterNumber] ?? null
  if (passing.has(opcode)) return resolve(scope, operand(0))
  if (opcode === 'copy-start') return resolve(scope, operand(0))
  if (opcode === 'add' || opcode === 'subtract')
    return sum(resolve(scope, operand(0)), resolve(scope, operand(1)), opcode === 'add' ? 1 : -1)
  if (opcode === 'get-tuple-element') return elementOf(scope, operand(0), instruction.tupleIndex)
  if (opcode === 'fusion') return intoFusion(scope, instruction, null)
  return null
}

function elementOf(scope: Scope, tuple: HloInstruction | null, index: number): Scalar | null {
  if (tuple === null) return null
  if (tuple.opcode === 'parameter' && scope.parameters === null) return { element: index, plus: 0 }
  if (tuple.opcode === 'tuple') return resolve(scope, operandOf(scope.computation, tuple, index))
  if (tuple.opcode === 'fusion') return intoFusion(scope, tuple, index)
  return null
}

function intoFusion(scope: Scope, fusion: HloInstruction, index: number | null): Scalar | null {
  const computation = scope.module.computations.get(fusion.called[0] ?? Number.NaN)
  if (computation === undefined || computation.root === null) return null
  const parameters = fusion.operands.map((_, i) => resolve(scope, operandOf(scope.computation, fusion, i)))
  const inner = { ...scope, computation, parameters }
  return index === null ? resolve(inner, computation.root) : elementOf(inner, computation.root, index)
}

function sum(a: Scalar | null, b: Scalar | null, sign: 1 | -1): Scalar | null {
  if (a === null || b === null) return null
  if (b.element === null) return { element: a.element, plus: a.plus + sign * b.plus }
  if (a.element === null && sign === 1) return { element: b.element, plus: a.plus + b.plus }
  return null
}
