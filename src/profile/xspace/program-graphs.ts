import type { PlaneIndex } from './space-index.ts'
import { wireAt } from './space-index.ts'
import type { Window } from './window.ts'
import { Wire } from './wire.ts'

/** A program's HloProto as a profile's /host:metadata plane holds it. */
export interface ProgramGraph {
  programId: string
  name: string
  bytes: Uint8Array
}

const headBytes = 1024

/**
 * Fetches the graphs of the programs asked for (null: of all); others, and those larger than `maxBytes`, are stepped over unread.
 */
export async function readProgramGraphs(
  window: Window,
  plane: PlaneIndex,
  programs: ReadonlySet<string> | null,
  maxBytes: number,
): Promise<ProgramGraph[]> {
  const graphs: ProgramGraph[] = []
  for (const range of plane.metadata) {
    let position = range.position
    while (position < range.end) {
      await window.load(position, Math.min(headBytes, range.end - position))
      const head = new Wire(window.bytes, position - window.base, Math.min(window.length, range.end - window.base), window.base)
      head.varint()
      const length = head.varint()
      const start = window.base + head.pos
      position = start + length
      const name = nameOf(head, Math.min(head.end, head.pos + length))
      const programId = /\((\d+)\)$/.exec(name)?.[1]
      if (programId === undefined || programs?.has(programId) === false || length > maxBytes) continue
      const bytes = graphBytes(await wireAt(window, start, start + length), plane)
      if (bytes) graphs.push({ programId, name: name.replace(/\(\d+\)$/, ''), bytes })
    }
  }
  return graphs
}

/**
 * The name of the map entry that starts here (key, then the value's id and name), from its first bytes; empty when they do not
 * hold it.
 */
function nameOf(wire: Wire, end: number): string {
  let inValue = false
  while (wire.pos < end) {
    const tag = wire.varint()
    if (tag === 0x08) wire.varint()
    else if (tag !== 0x12) return ''
    else {
      const length = wire.varint()
      if (inValue) return wire.pos + length <= end ? Buffer.from(wire.bytes.subarray(wire.pos, wire.pos + length)).toString('utf8') : ''
      inValue = true
    }
  }
  return ''
}

function graphBytes(entry: Wire, plane: PlaneIndex): Uint8Array | null {
  while (entry.pos < entry.end) {
    const tag = entry.varint()
    if (tag !== 0x12) {
      entry.skip(tag)
      continue
    }
    const end = entry.blockEnd()
    while (entry.pos < end) {
      const inner = entry.varint()
      if (inner !== 0x2a) {
        entry.skip(inner)
        continue
      }
      const statEnd = entry.blockEnd()
      const bytes = statBytes(new Wire(entry.bytes, entry.pos, statEnd, entry.base), plane)
      if (bytes) return bytes
      entry.pos = statEnd
    }
    entry.pos = end
  }
  return null
}

function statBytes(stat: Wire, plane: PlaneIndex): Uint8Array | null {
  let name: string | undefined
  while (stat.pos < stat.end) {
    const tag = stat.varint()
    if (tag === 0x08) name = plane.statNames.get(stat.varint())
    else if (tag === 0x32) {
      const end = stat.blockEnd()
      if (name !== undefined && /^hlo[ _]proto$/i.test(name)) return stat.bytes.slice(stat.pos, end)
      stat.pos = end
    } else stat.skip(tag)
  }
  return null
}
