import { plainText } from '../plain-text.ts'
import type { Window } from './window.ts'
import { Wire, WireError } from './wire.ts'

/** Where a line's events are; its events are read later, when the plane's names are known. */
export interface LineRef {
  id: number
  name: string
  timestampNs: bigint
  position: number
  end: number
}

type StatValue = number | string | Uint8Array

/** A plane's outline: names and places, no events. */
export interface PlaneIndex {
  id: number
  name: string
  position: number
  lines: LineRef[]
  statNames: Map<number, string>
  stats: Map<string, StatValue>
  /** Where the entries of event_metadata are. */
  metadata: { position: number; end: number }[]
}

export interface SpaceIndex {
  planes: PlaneIndex[]
  errors: string[]
  warnings: string[]
  /** The machine's own name, where the profiler wrote it. */
  hostname: string
}

const headBytes = 4096
/** More planes than a pod's busiest host has; each costs memory before its content is known. */
const maxPlanes = 1 << 16
const maxLines = 1 << 16
const maxMessages = 1000
const maxMessageBytes = 4096

/**
 * Walks a whole XSpace by its lengths, without touching events: lines come before the names they use, so names are gathered
 * first.
 * @throws WireError with the absolute offset of what is wrong
 */
export async function indexSpace(window: Window): Promise<SpaceIndex> {
  const space: SpaceIndex = { planes: [], errors: [], warnings: [], hostname: '' }
  const size = window.source.size
  let position = 0
  while (position < size) {
    const field = await readHead(window, position, size)
    if (field.tag === 0x0a) {
      if (space.planes.length >= maxPlanes) throw new WireError(position, `the file holds more than ${maxPlanes} planes`)
      space.planes.push(await indexPlane(window, field.start, field.end))
    } else if (field.tag === 0x12) await addText(window, space.errors, field)
    else if (field.tag === 0x1a) await addText(window, space.warnings, field)
    else if (field.tag === 0x22) space.hostname = await textOf(window, field)
    position = field.end
  }
  return space
}

/** What a profiler says beside the planes; empty entries say nothing, and a thousand are enough. */
async function addText(window: Window, list: string[], field: { start: number; end: number }): Promise<void> {
  const text = (await textOf(window, field)).trim()
  if (text !== '' && list.length < maxMessages) list.push(text)
}

async function textOf(window: Window, { start, end }: { start: number; end: number }): Promise<string> {
  const limit = Math.min(end, start + maxMessageBytes)
  return (await wireAt(window, start, limit)).bytesText(start, limit)
}

async function indexPlane(window: Window, start: number, end: number): Promise<PlaneIndex> {
  const plane: PlaneIndex = { id: 0, name: '', position: start, lines: [], statNames: new Map(), stats: new Map(), metadata: [] }
  const stats: { position: number; end: number }[] = []
  let position = start
  while (position < end) {
    const field = await readHead(window, position, end)
    switch (field.tag) {
      case 0x08:
        plane.id = field.value
        break
      case 0x12:
        plane.name = (await wireAt(window, field.start, field.end)).bytesText(field.start, field.end)
        break
      case 0x1a:
        if (plane.lines.length >= maxLines) throw new WireError(position, `a plane holds more than ${maxLines} lines`)
        plane.lines.push(await indexLine(window, field.start, field.end))
        break
      case 0x22:
        addRange(plane.metadata, position, field.end)
        break
      case 0x2a:
        readStatName(await wireAt(window, field.start, field.end), plane.statNames)
        break
      case 0x32:
        stats.push({ position: field.start, end: field.end })
        break
    }
    position = field.end
  }
  for (const stat of stats) {
    const [id, value] = readStat(await wireAt(window, stat.position, stat.end))
    const name = plane.statNames.get(id)
    if (name !== undefined) plane.stats.set(name, value)
  }
  return plane
}

async function indexLine(window: Window, start: number, end: number): Promise<LineRef> {
  const line: LineRef = { id: 0, name: '', timestampNs: 0n, position: start, end }
  let displayName = ''
  let position = start
  while (position < end) {
    await window.load(position, Math.min(headBytes, end - position))
    const wire = new Wire(window.bytes, position - window.base, Math.min(window.length, end - window.base), window.base)
    const tag = wire.varint()
    // Serialized in field order, the head is over at the first event; a line without a name before it is walked to its end.
    if (tag === 0x22 && line.name !== '') return line
    if (tag === 0x08) line.id = wire.varint()
    else if (tag === 0x18) line.timestampNs = wire.bigVarint()
    else if ((tag & 7) === 2) {
      const length = wire.varint()
      const after = window.base + wire.pos + length
      if (after > end) throw new WireError(position, 'a field reaches beyond its line')
      if (tag === 0x12 || tag === 0x5a) {
        const text = (await wireAt(window, after - length, after)).bytesText(after - length, after)
        if (tag === 0x12) line.name = text
        else displayName = text
      }
      position = after
      continue
    } else wire.skip(tag)
    position = window.base + wire.pos
  }
  if (line.name === '') line.name = displayName
  return line
}

/** One field's tag and where its content lies; for a varint, its value. */
async function readHead(
  window: Window,
  position: number,
  limit: number,
): Promise<{ tag: number; start: number; end: number; value: number }> {
  await window.load(position, Math.min(20, limit - position))
  const wire = new Wire(window.bytes, position - window.base, Math.min(window.length, limit - window.base), window.base)
  const tag = wire.varint()
  if (tag >>> 3 === 0) throw new WireError(position, 'field number 0 is not a protobuf field')
  if ((tag & 7) === 2) {
    const length = wire.varint()
    const start = window.base + wire.pos
    if (start + length > limit)
      throw new WireError(position, `a field of ${length} bytes reaches beyond byte ${limit}, the end of what holds it`)
    return { tag, start, end: start + length, value: 0 }
  }
  const before = wire.pos
  if ((tag & 7) === 0) {
    const value = wire.varint()
    return { tag, start: window.base + before, end: window.base + wire.pos, value }
  }
  wire.skip(tag)
  return { tag, start: window.base + before, end: window.base + wire.pos, value: 0 }
}

/** A reader over [start, end) of the source, loaded as a whole. */
export async function wireAt(window: Window, start: number, end: number): Promise<PlacedWire> {
  await window.load(start, end - start)
  if (start + (end - start) > window.base + window.length) throw new WireError(window.base + window.length, 'the file ends early')
  return new PlacedWire(window.bytes, start - window.base, end - window.base, window.base)
}

export class PlacedWire extends Wire {
  bytesText(start: number, end: number): string {
    return plainText(Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start - this.base, end - start).toString('utf8'))
  }
}

function addRange(ranges: { position: number; end: number }[], position: number, end: number): void {
  const last = ranges.at(-1)
  if (last && last.end === position) last.end = end
  else ranges.push({ position, end })
}

function readStatName(entry: Wire, names: Map<number, string>): void {
  let id = 0
  let name = ''
  while (entry.pos < entry.end) {
    const tag = entry.varint()
    if (tag === 0x08) id = entry.varint()
    else if (tag === 0x12) {
      const value = new Wire(entry.bytes, 0, entry.blockEnd(), entry.base)
      // blockEnd leaves the position at the content
      value.pos = entry.pos
      while (value.pos < value.end) {
        const inner = value.varint()
        if (inner === 0x08) id = value.varint()
        else if (inner === 0x12) name = value.string(4096)
        else value.skip(inner)
      }
      entry.pos = value.end
    } else entry.skip(tag)
  }
  names.set(id, name)
}

/** One XStat: the id of its name, and its value (a reference stays the number of the name it refers to). */
function readStat(stat: Wire): [id: number, value: StatValue, reference: boolean] {
  let id = 0
  let value: StatValue = 0
  let reference = false
  while (stat.pos < stat.end) {
    const tag = stat.varint()
    if (tag === 0x08) id = stat.varint()
    else if (tag === 0x11) value = stat.double()
    else if (tag === 0x18) value = stat.varint()
    else if (tag === 0x20) value = stat.int64()
    else if (tag === 0x2a) value = plainText(stat.string(1 << 16))
    else if (tag === 0x32) {
      const end = stat.blockEnd()
      value = stat.bytes.slice(stat.pos, end)
      stat.pos = end
    } else if (tag === 0x38) {
      value = stat.varint()
      reference = true
    } else stat.skip(tag)
  }
  return [id, value, reference]
}
