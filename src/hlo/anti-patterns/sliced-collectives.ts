import { collectiveOf } from '../collective.ts'
import { calledBy, realUsers, usersOf } from '../graph.ts'
import { bytesOf } from '../shape.ts'
import type { HloComputation, HloInstruction, HloModule } from '../types.ts'
import { visitStep } from '../visit.ts'
import type { AntiPatternContext, Finding, Occurrence, Rule } from './finding.ts'

/** Smaller than this is not worth an engineer's time. */
const minBytes = 1 << 20

/** An all-gather whose result is only ever sliced: each device throws most of it away. */
export const gatherThenSlice: Rule = (module, context) => {
  const devices = allDevices(module, context)
  const found = slicedOnly(module, 'all-gather').filter(({ groupSize }) => groupSize !== devices)
  return finding(
    'gather_then_slice',
    found,
    'Each device keeps only a slice of what it gathers: keep the value sharded up to its use, or move just the slice (a sharding constraint before the slice; reduce-scatter where a sum comes first).',
  )
}

/** The same over every device: what XLA calls involuntary full rematerialization when it reshards. */
export const fullRematerialization: Rule = (module, context) => {
  const devices = allDevices(module, context)
  const found = slicedOnly(module, 'all-gather').filter(({ groupSize }) => groupSize === devices)
  return finding(
    'full_rematerialization',
    found,
    'The partitioner gathers the whole array on every device to change its sharding: put a sharding constraint on this op so that both sides agree.',
  )
}

/** An all-reduce of which each device keeps a part. */
export const reduceThenSlice: Rule = (module) =>
  finding(
    'reduce_then_slice',
    slicedOnly(module, 'all-reduce'),
    'Each device keeps only a slice of the sum: a reduce-scatter moves half as much. Constrain the output to the slice’s sharding.',
  )

/** Null when not known: without a mesh, and where the job goes on in other slices. */
function allDevices(module: HloModule, context: AntiPatternContext): number | null {
  if (context.mesh === null) return null
  let slices = false
  visitStep(module, (instruction) => {
    if (instruction.opcode === 'send' && instruction.attributes !== null) slices = true
  })
  return slices ? null : context.mesh.reduce((product, { size }) => product * size, 1)
}

function finding(kind: string, found: (Occurrence & { groupSize: number })[], fix: string): Finding | null {
  return found.length === 0 ? null : { kind, occurrences: found, fix }
}

function slicedOnly(module: HloModule, kind: 'all-gather' | 'all-reduce'): (Occurrence & { groupSize: number })[] {
  const found: (Occurrence & { groupSize: number })[] = []
  const users = new Map<HloComputation, ReturnType<typeof usersOf>>()
  visitStep(module, (instruction, place) => {
    if (instruction.opcode.endsWith('-done')) return
    const op = collectiveOf(module, place.computation, instruction)
    if (op?.kind !== kind || op.bytes < minBytes) return
    let known = users.get(place.computation)
    if (!known) {
      known = usersOf(place.computation)
      users.set(place.computation, known)
    }
    const readers = realUsers(known, finished(known, instruction))
    if (readers.length === 0) return
    let kept = 0
    for (const reader of readers) {
      const part = slicedBytes(reader, instruction, { module, computation: place.computation, users: known })
      if (part === null) return
      kept += part
    }
    if (kept > op.bytes / 2) return
    found.push({ instruction, place, bytes: op.bytes * place.times, with: readers, groupSize: op.groupSize })
  })
  return found
}

/** The `-done` of a start, the instruction itself otherwise. */
function finished(users: ReadonlyMap<number, HloInstruction[]>, instruction: HloInstruction): HloInstruction {
  return users.get(instruction.id)?.find(({ opcode }) => opcode.endsWith('-done')) ?? instruction
}

/** Bytes that a reader takes out of the value by slicing alone, or null when it reads all of it. */
function slicedBytes(
  reader: HloInstruction,
  value: HloInstruction,
  at: { module: HloModule; computation: HloComputation; users: ReadonlyMap<number, HloInstruction[]> },
): number | null {
  const { module, computation, users } = at
  if (reader.opcode === 'slice') return bytesOf(reader.shape)
  if (reader.opcode === 'dynamic-slice') return bytesOf(reader.shape)
  if (reader.opcode !== 'fusion') return null
  const fused = calledBy(module, reader)[0]
  if (!fused) return null
  const names = renamed(users, value)
  const inside = usersOf(fused)
  let kept = 0
  for (const [index, id] of reader.operands.entries()) {
    if (!names.has(id) || !computation.byId.has(id)) continue
    const parameter = fused.instructions.find((each) => each.opcode === 'parameter' && each.parameterNumber === index)
    if (!parameter) return null
    const slices = realUsers(inside, parameter)
    if (slices.length === 0 || !slices.every(({ opcode }) => opcode === 'slice' || opcode === 'dynamic-slice')) return null
    for (const slice of slices) kept += bytesOf(slice.shape)
  }
  return kept
}

/** The value and what only renames it. */
function renamed(users: ReadonlyMap<number, HloInstruction[]>, value: HloInstruction): Set<number> {
  const names = new Set([value.id])
  const queue = [value.id]
  while (queue.length > 0) {
    for (const user of users.get(queue.pop()!) ?? []) {
      const renames = ['bitcast', 'reshape', 'get-tuple-element'].includes(user.opcode) || user.opcode.endsWith('-done')
      if (!renames || names.has(user.id)) continue
      names.add(user.id)
      queue.push(user.id)
    }
  }
  return names
}
