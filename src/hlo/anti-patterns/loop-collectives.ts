import { collectiveOf } from '../collective.ts'
import { isWindowed } from '../collectives.ts'
import { calledBy, operandOf, operandsOf } from '../graph.ts'
import { axesOfGroup } from '../mesh-axes.ts'
import { bytesOf } from '../shape.ts'
import { loopParts } from '../trip-count.ts'
import type { HloComputation, HloInstruction, HloModule } from '../types.ts'
import { visitStep } from '../visit.ts'
import type { Occurrence, Rule } from './finding.ts'

const minBytes = 1 << 20
const batchAxes = new Set(['replica', 'data', 'expert'])

/** Collectives of the model axis that stop the core in every layer. */
export const syncModelCollectives: Rule = (module, { mesh }) => {
  if (mesh === null || !mesh.some(({ name, size }) => name === 'model' && size > 1)) return null
  const occurrences: Occurrence[] = []
  visitStep(module, (instruction, place) => {
    if (place.loops.length === 0 || isWindowed(place)) return
    const op = collectiveOf(module, place.computation, instruction)
    if (op === null || op.async || op.bytes < minBytes || op.group === null) return
    if (!axesOfGroup(op.group, mesh)?.some(({ axis }) => axis === 'model')) return
    occurrences.push({ instruction, place, bytes: op.bytes * place.times })
  })
  if (occurrences.length === 0) return null
  return {
    kind: 'sync_model_collectives',
    occurrences,
    fix: 'Each layer waits for collectives of the model axis: use less model and more data parallelism.',
  }
}

/** All-reduces of gradients inside the loop over microbatches, where one after the loop would do. */
export const gradientReduceInLoop: Rule = (module, { mesh }) => {
  if (mesh === null) return null
  const occurrences: Occurrence[] = []
  const adds = new Map<HloComputation, boolean>()
  visitStep(module, (instruction, place) => {
    if (place.loops.length === 0 || isWindowed(place)) return
    const op = collectiveOf(module, place.computation, instruction)
    if (op?.kind !== 'all-reduce' || op.bytes < minBytes || op.group === null) return
    const axes = axesOfGroup(op.group, mesh)
    if (axes === null || axes.length === 0 || !axes.every(({ axis }) => batchAxes.has(axis))) return
    const accumulating = place.loops.some(({ body }) => {
      const known = adds.get(body) ?? accumulates(module, body)
      adds.set(body, known)
      return known
    })
    if (accumulating) occurrences.push({ instruction, place, bytes: op.bytes * place.times })
  })
  if (occurrences.length === 0) return null
  return {
    kind: 'gradient_reduce_in_loop',
    occurrences,
    fix: 'Gradients are summed over devices in every microbatch: accumulate them locally and reduce once after the loop.',
  }
}

/**
 * Whether a loop accumulates gradients: it adds to large float arrays that it carries from one iteration to the next, and holds
 * the loops over layers (a loop over layers itself adds to what it carries too, the residual stream).
 */
function accumulates(module: HloModule, body: HloComputation): boolean {
  const layers = body.instructions.some(
    (each) => each.opcode === 'while' && !loopParts(module, each)?.body.name.includes('windowed_dot_general'),
  )
  if (!layers) return false
  const root = body.root
  if (root?.opcode !== 'tuple') return false
  for (const [element, id] of root.operands.entries()) {
    const next = body.byId.get(id)
    if (!next || bytesOf(next.shape) < minBytes || !/^(bf16|f16|f32)$/.test(next.shape.type)) continue
    if (addsTo({ module, body, element }, next)) return true
  }
  return false
}

/** The value is the loop's element plus something: an add, or a fusion whose root is one. */
function addsTo(loop: { module: HloModule; body: HloComputation; element: number }, value: HloInstruction, depth = 0): boolean {
  const { module, body, element } = loop
  if (depth > 6) return false
  if (value.opcode === 'add') return operandsOf(body, value).some((operand) => isElement(body, operand, element))
  if (['bitcast', 'copy', 'get-tuple-element'].includes(value.opcode)) {
    const operand = operandOf(body, value, 0)
    return operand !== null && operand.opcode !== 'parameter' && addsTo(loop, operand, depth + 1)
  }
  if (value.opcode !== 'fusion' || !operandsOf(body, value).some((operand) => isElement(body, operand, element))) return false
  const roots = calledBy(module, value).flatMap((fused) =>
    fused.root?.opcode === 'tuple' ? operandsOf(fused, fused.root) : fused.root ? [fused.root] : [],
  )
  return roots.some(({ opcode }) => opcode === 'add')
}

function isElement(body: HloComputation, value: HloInstruction, element: number): boolean {
  let current: HloInstruction | null = value
  for (let hops = 0; current && hops < 8 && ['bitcast', 'copy'].includes(current.opcode); hops++) current = operandOf(body, current, 0)
  return current?.opcode === 'get-tuple-element' && current.tupleIndex === element && operandOf(body, current, 0)?.opcode === 'parameter'
}
