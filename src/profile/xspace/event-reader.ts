import type { LineRef } from './space-index.ts'
import type { Window } from './window.ts'
import { Wire, WireError } from './wire.ts'

/** The stats of events that a reader wants, by their metadata id in this plane; each gets a slot. */
export interface StatSlots {
  /** slot + 1 by stat metadata id; 0 where the stat is not wanted. */
  slotOf: Uint8Array
  values: Float64Array
}

/** One event, in an object that is used again for the next. Times in picoseconds, offset within its line. */
export interface EventCursor {
  metadataId: number
  offsetPs: number
  durationPs: number
  occurrences: number
  /** Bit i is set when slot i has a value in this event. */
  present: number
}

/** Slots for these stat names, in this order. */
export function makeSlots(names: readonly string[], statNames: Map<number, string>): StatSlots {
  const byId = new Map<number, number>()
  for (const [id, name] of statNames) {
    const slot = names.indexOf(name)
    if (slot >= 0 && id < 1 << 16) byId.set(id, slot + 1)
  }
  const slotOf = new Uint8Array(Math.max(1, ...[...byId.keys()].map((id) => id + 1)))
  for (const [id, slot] of byId) slotOf[id] = slot
  return { slotOf, values: new Float64Array(names.length) }
}

/** How a line's events are read: which stats, by whom, and by metadata id which events are of interest (all unless given). */
interface EventReading {
  slots: StatSlots
  visit: (event: EventCursor) => void
  wants?: ReadonlySet<number>
}

/**
 * Streams a line's events through `visit`, which must not keep the cursor; those that are not wanted are stepped over by their
 * length.
 * @throws WireError with the absolute offset of what is wrong
 */
export async function readEvents(window: Window, line: LineRef, reading: EventReading): Promise<void> {
  const event: EventCursor = { metadataId: 0, offsetPs: 0, durationPs: 0, occurrences: 0, present: 0 }
  let position = line.position
  let need = Math.min(1 << 16, line.end - position)
  while (position < line.end) {
    await window.load(position, need)
    const end = Math.min(window.length, line.end - window.base)
    const wire = new Wire(window.bytes, position - window.base, end, window.base)
    const complete = window.base + end >= line.end
    const before = position
    position = window.base + readChunk(wire, complete, event, reading)
    if (position === before) {
      // Not one whole event in view: the next one is larger than what was loaded.
      if (complete) throw new WireError(position, 'an event reaches beyond its line')
      need = Math.min(Math.max(need, window.length) * 2, line.end - position)
      if (need > 1 << 28) throw new WireError(position, 'an event is larger than 256 MiB')
      window.length = 0
    } else need = Math.min(1 << 16, line.end - position)
  }
}

/** Reads whole fields of a line while they are in view; answers where it stopped, within the window's bytes. */
function readChunk(wire: Wire, complete: boolean, event: EventCursor, reading: EventReading): number {
  const { visit } = reading
  const limit = wire.end
  while (wire.pos < limit) {
    const start = wire.pos
    // A tag and a length take at most twenty bytes; near the end of the view they may be cut.
    if (!complete && limit - start < 20) return start
    const tag = wire.varint()
    if (tag !== 0x22) {
      if ((tag & 7) !== 2) {
        wire.skip(tag)
        continue
      }
      const length = wire.varint()
      if (wire.pos + length > limit) {
        if (complete) throw new WireError(wire.base + start, 'a field reaches beyond its line')
        return start
      }
      wire.pos += length
      continue
    }
    const length = wire.varint()
    const end = wire.pos + length
    if (end > limit) {
      if (complete) throw new WireError(wire.base + start, 'an event reaches beyond its line')
      return start
    }
    readEvent(wire, end, event, reading)
    if (event.metadataId >= 0) visit(event)
    wire.pos = end
  }
  return wire.pos
}

function readEvent(wire: Wire, end: number, event: EventCursor, { slots, wants }: EventReading): void {
  event.metadataId = 0
  event.offsetPs = 0
  event.durationPs = 0
  event.occurrences = 0
  event.present = 0
  const outer = wire.end
  wire.end = end
  while (wire.pos < end) {
    const tag = wire.varint()
    switch (tag) {
      case 0x08:
        event.metadataId = wire.varint()
        if (wants !== undefined && !wants.has(event.metadataId)) {
          event.metadataId = -1
          wire.end = outer
          return
        }
        break
      case 0x10:
        event.offsetPs = wire.int64()
        break
      case 0x18:
        event.durationPs = wire.int64()
        break
      case 0x22:
        readEventStat(wire, slots, event)
        break
      case 0x28:
        event.occurrences = wire.int64()
        break
      default:
        wire.skip(tag)
    }
  }
  wire.end = outer
}

function readEventStat(wire: Wire, slots: StatSlots, event: EventCursor): void {
  const end = wire.blockEnd()
  let slot = 0
  if (wire.pos < end && wire.bytes[wire.pos] === 0x08) {
    wire.pos++
    const id = wire.varint()
    slot = id < slots.slotOf.length ? (slots.slotOf[id] as number) : 0
  }
  if (slot === 0) {
    wire.pos = end
    return
  }
  while (wire.pos < end) {
    const tag = wire.varint()
    // A reference to a text is the number of its name.
    if (tag === 0x18 || tag === 0x38) slots.values[slot - 1] = wire.varint()
    else if (tag === 0x20) slots.values[slot - 1] = wire.int64()
    else if (tag === 0x11) slots.values[slot - 1] = wire.double()
    else {
      wire.skip(tag)
      continue
    }
    event.present |= 1 << (slot - 1)
  }
  wire.pos = end
}
