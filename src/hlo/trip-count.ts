import { backendConfig } from './backend-config.ts'
import { operandOf } from './graph.ts'
import { scalarOf } from './scalar.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** How often a loop runs; `trips` is null when it depends on data, and `note` then says so. */
export interface TripCount {
  trips: number | null
  /** What the counter grows by each time; 2 in unrolled windowed einsums. */
  step: number | null
  note: string | null
}

/** A `while`'s body and condition; XLA lists the body first. */
export function loopParts(module: HloModule, loop: HloInstruction): { body: HloComputation; condition: HloComputation } | null {
  const body = module.computations.get(loop.called[0] ?? Number.NaN)
  const condition = module.computations.get(loop.called[1] ?? Number.NaN)
  return body && condition ? { body, condition } : null
}

/**
 * The trip count of a `while`. TPU modules carry none: it is the constant that the condition compares the counter with, less
 * where the counter starts, over what the body adds to it.
 */
export function tripCount(module: HloModule, computation: HloComputation, loop: HloInstruction): TripCount {
  const known = backendConfig(loop).knownTripCount
  if (known !== null) return { trips: known, step: null, note: null }
  const parts = loopParts(module, loop)
  if (parts === null) return unknown(loop, 'its body is missing')
  const test = comparison(module, parts.condition)
  if (test === null) return unknown(loop, 'its condition is not a comparison of a counter with a constant')
  const { counter, bound, direction } = test
  const next = scalarOf(module, parts.body, tupleElement(parts.body, parts.body.root, counter))
  if (next === null || next.element !== counter || next.plus === 0) return unknown(loop, 'its counter does not grow by a constant')
  const init = operandOf(computation, loop, 0)
  const start = init === null ? null : scalarOf(module, computation, tupleElement(computation, init, counter))
  // a loop inside a loop may start from what the outer one carries: XLA counts from 0 unless a constant says otherwise
  const from = start !== null && start.element === null ? start.plus : 0
  const trips = count(from, bound, next.plus, direction)
  return trips === null ? unknown(loop, `it compares with ${direction}`) : { trips, step: next.plus, note: null }
}

function unknown(loop: HloInstruction, why: string): TripCount {
  return { trips: null, step: null, note: `${loop.name}: the number of iterations is not known (${why}); counted once.` }
}

function count(from: number, bound: number, step: number, direction: string): number | null {
  const whole = (distance: number, by: number) => Math.max(0, Math.ceil(distance / by))
  if (direction === 'LT' && step > 0) return whole(bound - from, step)
  if (direction === 'LE' && step > 0) return whole(bound - from + 1, step)
  if (direction === 'GT' && step < 0) return whole(from - bound, -step)
  if (direction === 'GE' && step < 0) return whole(from - bound + 1, -step)
  if (direction === 'NE' && (bound - from) % step === 0) return whole(Math.abs(bound - from), Math.abs(step))
  return null
}

const mirrored: Readonly<Record<string, string>> = { LT: 'GT', GT: 'LT', LE: 'GE', GE: 'LE', NE: 'NE', EQ: 'EQ' }

/** The comparison at a condition's root, alone or in a fusion: which element of the loop's state, with what, how. */
function comparison(module: HloModule, condition: HloComputation): { counter: number; bound: number; direction: string } | null {
  const root = condition.root
  if (root === null) return null
  if (root.opcode === 'fusion') return fusedComparison(module, condition, root)
  if (root.opcode !== 'compare') return null
  const left = scalarOf(module, condition, operandOf(condition, root, 0))
  const right = scalarOf(module, condition, operandOf(condition, root, 1))
  return ordered(left, right, root.direction)
}

type Side = { element: number | null; plus: number } | null

function fusedComparison(module: HloModule, condition: HloComputation, fusion: HloInstruction): ReturnType<typeof comparison> {
  const inner = module.computations.get(fusion.called[0] ?? Number.NaN)
  const root = inner?.root
  if (!inner || root?.opcode !== 'compare') return null
  const side = (index: number): Side => {
    const operand = operandOf(inner, root, index)
    if (operand?.opcode === 'parameter') return scalarOf(module, condition, operandOf(condition, fusion, operand.parameterNumber))
    return operand?.opcode === 'constant' ? scalarOf(module, inner, operand) : null
  }
  return ordered(side(0), side(1), root.direction)
}

function ordered(left: Side, right: Side, direction: string): { counter: number; bound: number; direction: string } | null {
  if (left === null || right === null) return null
  if (left.element !== null && right.element === null) return { counter: left.element, bound: right.plus - left.plus, direction }
  if (right.element !== null && left.element === null) {
    return { counter: right.element, bound: left.plus - right.plus, direction: mirrored[direction] ?? direction }
  }
  return null
}

function tupleElement(computation: HloComputation, tuple: HloInstruction | null, index: number): HloInstruction | null {
  return tuple?.opcode === 'tuple' ? operandOf(computation, tuple, index) : null
}
