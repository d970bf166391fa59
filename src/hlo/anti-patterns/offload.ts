import { collectiveOf } from '../collective.ts'
import { isWindowed } from '../collectives.ts'
import { visitStep } from '../visit.ts'
import type { Occurrence, Rule } from './finding.ts'

const minBytes = 1 << 20
const offloadable = new Set(['all-gather', 'reduce-scatter', 'all-reduce'])

/** Some collectives run on the SparseCores, others of the same size stop the TensorCore. */
export const partialOffload: Rule = (module) => {
  let offloaded = 0
  const occurrences: Occurrence[] = []
  visitStep(module, (instruction, place) => {
    const op = collectiveOf(module, place.computation, instruction)
    if (op === null || !offloadable.has(op.kind) || op.bytes < minBytes || op.dcn) return
    if (op.sparseCore) offloaded++
    else if (!isWindowed(place)) occurrences.push({ instruction, place, bytes: op.bytes * place.times })
  })
  if (offloaded === 0 || occurrences.length === 0) return null
  return {
    kind: 'partial_collective_offload',
    occurrences,
    fix: 'Collectives are offloaded to SparseCore only in part: offload all-gather, reduce-scatter and all-reduce together (xla_tpu_enable_sparse_core_collective_offload_…).',
  }
}
