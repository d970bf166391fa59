import { operandOf } from '../graph.ts'
import { bytesOf } from '../shape.ts'
import { transferOf } from '../transfer.ts'
import type { HloComputation, HloInstruction, HloModule } from '../types.ts'
import { visitStep } from '../visit.ts'
import { type Occurrence, type Rule, shareOf } from './finding.ts'

const minBytes = 1 << 20
/** Without times: copies of less than this in a step stay unmentioned. */
const minTotalBytes = 1 << 28
const minShare = 0.05
const hostShare = 0.1

/** Copies of arrays from one layout to another; the table's "data formatting" over 5% of the time. */
export const layoutCopies: Rule = (module, context) => {
  const occurrences: Occurrence[] = []
  visitStep(module, (instruction, place) => {
    if (instruction.opcode !== 'copy' && instruction.opcode !== 'transpose') return
    const operand = operandOf(place.computation, instruction, 0)
    const bytes = bytesOf(instruction.shape)
    if (operand === null || bytes < minBytes) return
    const same = operand.shape.minorToMajor.join() === instruction.shape.minorToMajor.join()
    if (instruction.opcode === 'copy' && same) return
    occurrences.push({ instruction, place, bytes: bytes * place.times })
  })
  if (occurrences.length === 0) return null
  const share = shareOf(occurrences, context)
  const total = occurrences.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
  if (share === null ? total < minTotalBytes : share < minShare) return null
  return {
    kind: 'layout_copies',
    occurrences,
    fix: 'Large arrays are copied between layouts: make producer and user agree (the order of dimensions in the einsum or attention kernel), or transpose the small side.',
  }
}

/** Waiting for copies to and from the host's memory. */
export const hostTransferWaits: Rule = (module, context) => {
  if (context.times === null) return null
  const occurrences: Occurrence[] = []
  visitStep(module, (instruction, place) => {
    const bytes = hostBytes(module, place.computation, instruction)
    if (bytes !== null) occurrences.push({ instruction, place, bytes: bytes * place.times })
  })
  const share = shareOf(occurrences, context)
  if (share === null || share < hostShare) return null
  return {
    kind: 'host_transfer_waits',
    occurrences,
    fix: 'The device waits for the host: offload less, or start the copies earlier (prefetch).',
  }
}

/** Bytes of a transfer with the host that this instruction starts; 0 for its done, which is where the wait shows. */
function hostBytes(module: HloModule, computation: HloComputation, instruction: HloInstruction): number | null {
  if (instruction.isHostTransfer && instruction.attributes === null) return 0
  const { opcode } = instruction
  if (opcode === 'copy-start' || opcode === 'async-start') {
    const { bytes, host } = transferOf(module, computation, instruction)
    return host ? bytes : null
  }
  const start = opcode === 'copy-done' || opcode === 'async-done' ? operandOf(computation, instruction, 0) : null
  return start !== null && hostBytes(module, computation, start) !== null ? 0 : null
}

/** Waiting for input. */
export const infeedWaits: Rule = (module, context) => {
  if (context.times === null) return null
  const occurrences: Occurrence[] = []
  visitStep(module, (instruction, place) => {
    if (/^(infeed|outfeed)/.test(instruction.opcode)) occurrences.push({ instruction, place, bytes: null })
  })
  const share = shareOf(occurrences, context)
  if (share === null || share < hostShare) return null
  return { kind: 'infeed_wait', occurrences, fix: 'The device waits for input: this is the input pipeline, not the mesh.' }
}
