import { collectiveOf } from '../collective.ts'
import { axesOfGroup } from '../mesh-axes.ts'
import { visitStep } from '../visit.ts'
import type { Occurrence, Rule } from './finding.ts'

const minBytes = 1 << 20

/**
 * All-to-alls over axes that exchange nothing by design (experts exchange tokens, a split sequence exchanges heads): the
 * partitioner moves an array from one sharding to another.
 */
export const resharding: Rule = (module, { mesh }) => {
  if (mesh === null) return null
  const exchanging = new Set(['expert', 'seq'])
  const occurrences: Occurrence[] = []
  visitStep(module, (instruction, place) => {
    const op = collectiveOf(module, place.computation, instruction)
    if (op?.kind !== 'all-to-all' || op.group === null || op.bytes * place.times < minBytes) return
    const axes = axesOfGroup(op.group, mesh)
    if (axes === null || axes.length === 0 || axes.some(({ axis }) => exchanging.has(axis))) return
    occurrences.push({ instruction, place, bytes: op.bytes * place.times })
  })
  if (occurrences.length === 0) return null
  return {
    kind: 'resharding',
    occurrences,
    fix: 'An array is moved between two shardings of the same data: put one sharding constraint where it is made, so that its users agree with it.',
  }
}
