import { plainText } from '../plain-text.ts'
import type { PlaneIndex } from './space-index.ts'
import { wireAt } from './space-index.ts'
import type { Window } from './window.ts'
import { Wire, WireError } from './wire.ts'

/** What XLA wrote about an op, per execution; null where the profile does not say. */
export interface OpFacts {
  name: string
  /** The HLO text, cut. */
  expression: string
  category: string
  programId: string | null
  symbolId: string | null
  flops: number | null
  modelFlops: number | null
  bytes: number | null
  /** Bytes by memory; null when there is no breakdown, as in old profiles. */
  memory: MemoryBytes | null
  source: string | null
  frameworkOp: string | null
  /** The profile states category, program, flops and bytes; else they are guessed from the HLO text or missing. */
  stated: boolean
}

interface MemoryBytes {
  hbm: number
  cmemRead: number
  cmemWrite: number
  vmemRead: number
  vmemWrite: number
}

const expressionBytes = 16384
/** More than any program has ops; what they hold is kept until the report is made. */
const maxEntries = 1 << 20

/** Reads a plane's event names: what every event of the plane is. */
export async function readOpFacts(window: Window, plane: PlaneIndex): Promise<Map<number, OpFacts>> {
  const facts = new Map<number, OpFacts>()
  await eachEntry(window, plane, (entry) => {
    const op = emptyFacts()
    const id = readEntry(entry, plane, op)
    facts.set(id, op)
  })
  return facts
}

/** Only the names of a plane's events, for host planes. */
export async function readEventNames(window: Window, plane: PlaneIndex): Promise<Map<number, string>> {
  const names = new Map<number, string>()
  await eachEntry(window, plane, (entry) => {
    let id = 0
    let name = ''
    while (entry.pos < entry.end) {
      const tag = entry.varint()
      if (tag === 0x08) id = entry.varint()
      else if (tag === 0x12) {
        const end = entry.blockEnd()
        while (entry.pos < end) {
          const inner = entry.varint()
          if (inner === 0x08) id = entry.varint()
          else if (inner === 0x12) name = entry.string(256)
          else entry.skip(inner)
        }
      } else entry.skip(tag)
    }
    names.set(id, name)
  })
  return names
}

/** Calls `read` with each entry of the plane's event_metadata map. */
async function eachEntry(window: Window, plane: PlaneIndex, read: (entry: Wire) => void): Promise<void> {
  let entries = 0
  for (const range of plane.metadata) {
    let position = range.position
    while (position < range.end) {
      if (++entries > maxEntries) throw new WireError(position, `a plane names more than ${maxEntries} kinds of event`)
      await window.load(position, Math.min(20, range.end - position))
      const head = new Wire(window.bytes, position - window.base, Math.min(window.length, range.end - window.base), window.base)
      head.varint()
      const length = head.varint()
      const start = window.base + head.pos
      read(await wireAt(window, start, start + length))
      position = start + length
    }
  }
}

/** Facts of an op of which nothing is known. */
export function emptyFacts(): OpFacts {
  return {
    name: '',
    expression: '',
    category: '',
    programId: null,
    symbolId: null,
    flops: null,
    modelFlops: null,
    bytes: null,
    memory: null,
    source: null,
    frameworkOp: null,
    stated: false,
  }
}

function readEntry(entry: Wire, plane: PlaneIndex, op: OpFacts): number {
  let id = 0
  while (entry.pos < entry.end) {
    const tag = entry.varint()
    if (tag === 0x08) id = entry.varint()
    else if (tag === 0x12) {
      const end = entry.blockEnd()
      while (entry.pos < end) {
        const inner = entry.varint()
        if (inner === 0x08) id = entry.varint()
        else if (inner === 0x12) op.expression = entry.string(expressionBytes)
        else if (inner === 0x22) op.name = plainText(entry.string(512))
        else if (inner === 0x2a) {
          const statEnd = entry.blockEnd()
          readOpStat(new Wire(entry.bytes, entry.pos, statEnd, entry.base), plane, op)
          entry.pos = statEnd
        } else entry.skip(inner)
      }
      entry.pos = end
    } else entry.skip(tag)
  }
  if (op.name === '') op.name = plainText(op.expression.slice(0, 512))
  if (op.category === '') op.category = opcodeOf(op.expression)
  else op.stated = op.programId !== null && op.flops !== null && op.bytes !== null
  return id
}

function readOpStat(stat: Wire, plane: PlaneIndex, op: OpFacts): void {
  let name: string | undefined
  while (stat.pos < stat.end) {
    const tag = stat.varint()
    if (tag === 0x08) name = plane.statNames.get(stat.varint())
    else if (tag === 0x18 || tag === 0x20) {
      if (name === 'program_id') op.programId = stat.bigVarint().toString()
      else if (name === 'symbol_id') op.symbolId = stat.bigVarint().toString()
      else setNumber(op, name, tag === 0x18 ? stat.varint() : stat.int64())
    } else if (tag === 0x2a) setText(op, name, plainText(stat.string(4096)))
    else if (tag === 0x38) setText(op, name, plainText(plane.statNames.get(stat.varint()) ?? ''))
    else if (tag === 0x32) {
      const end = stat.blockEnd()
      if (name === 'memory_access_breakdown') op.memory = readBreakdown(new Wire(stat.bytes, stat.pos, end, stat.base))
      stat.pos = end
    } else stat.skip(tag)
  }
}

function setNumber(op: OpFacts, name: string | undefined, value: number): void {
  if (value < 0) return
  if (name === 'flops') op.flops = value
  else if (name === 'model_flops') op.modelFlops = value
  else if (name === 'bytes_accessed') op.bytes = value
}

function setText(op: OpFacts, name: string | undefined, value: string): void {
  if (name === 'hlo_category') op.category = value
  else if (name === 'source') op.source = value
  else if (name === 'tf_op') op.frameworkOp = value
}

/** MemoryAccessBreakdown: repeated {operation_type 1 (1 read, 2 write), memory_space 2 (1 HBM, 2 CMEM, 3 VMEM), bytes 3}. */
function readBreakdown(wire: Wire): MemoryBytes | null {
  const memory: MemoryBytes = { hbm: 0, cmemRead: 0, cmemWrite: 0, vmemRead: 0, vmemWrite: 0 }
  let entries = 0
  while (wire.pos < wire.end) {
    const tag = wire.varint()
    if (tag !== 0x0a) {
      wire.skip(tag)
      continue
    }
    const end = wire.blockEnd()
    let operation = 0
    let space = 0
    let bytes = 0
    while (wire.pos < end) {
      const inner = wire.varint()
      if (inner === 0x08) operation = wire.varint()
      else if (inner === 0x10) space = wire.varint()
      else if (inner === 0x18) bytes = wire.varint()
      else wire.skip(inner)
    }
    entries++
    if (space === 1) memory.hbm += bytes
    else if (space === 2 && operation === 1) memory.cmemRead += bytes
    else if (space === 2 && operation === 2) memory.cmemWrite += bytes
    else if (space === 3 && operation === 1) memory.vmemRead += bytes
    else if (space === 3 && operation === 2) memory.vmemWrite += bytes
  }
  return entries === 0 ? null : memory
}

/** The opcode in an op's HLO text: what follows the result's shape. Empty when the text is not an instruction. */
function opcodeOf(expression: string): string {
  const from = expression.indexOf(' = ')
  if (from < 0) return ''
  let at = from + 3
  let depth = 0
  // A tuple's shape holds spaces between its parts; an array's has none.
  for (; at < expression.length; at++) {
    const char = expression[at]
    if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ' ' && depth === 0) break
  }
  return /^ ([\w-]+)\(/.exec(expression.slice(at, at + 64))?.[1] ?? ''
}
