import type { PbfReader } from 'pbf'
import { PromptsError } from '../errors.ts'
import { BoundedReader, decoding } from './bounded-reader.ts'
import { readSharding } from './read-groups.ts'
import { newInstruction, type RawInstruction, readInstructionField } from './read-instruction.ts'
import type { HloComputation, HloModule, HloSharding } from './types.ts'

/** What a module may cost to read. */
export interface HloLimits {
  maxBytes: number
  maxInstructions: number
}

const defaultLimits: HloLimits = { maxBytes: 1 << 30, maxInstructions: 4_000_000 }

interface Draft {
  name: string
  entryId: number
  entryName: string
  computations: (HloComputation & { rootId: number; raw: RawInstruction[] })[]
  sequences: Map<number, number[]> | null
  partitions: number | null
  /** Of the entry's parameters, where the partitioner took them off the parameters themselves. */
  parameterShardings: HloSharding[]
  frames: StackFrames
  instructionsLeft: number
}

interface StackFrames {
  files: string[]
  locations: { file: number; line: number }[]
  frames: { location: number }[]
}

/**
 * Reads an XLA HloModuleProto: a compiled executable's `hlo_modules()[0].as_serialized_hlo_module_proto()`.
 * Instructions come in the order of the schedule where there is one. Throws `bad_hlo` (with the offset) on bytes that are not a
 * module, `too_large` past the limits.
 */
export function readHloModule(bytes: Uint8Array, limits: Partial<HloLimits> = {}): HloModule {
  const { maxBytes, maxInstructions } = { ...defaultLimits, ...limits }
  if (bytes.length > maxBytes) throw tooLarge(`It has ${bytes.length} bytes, more than ${maxBytes}`)
  const reader = new BoundedReader(bytes, { code: 'bad_hlo', what: 'The HLO module' })
  const draft: Draft = {
    name: '', entryId: -1, entryName: '', computations: [], sequences: null, partitions: null, parameterShardings: [],
    frames: { files: [], locations: [], frames: [] }, instructionsLeft: maxInstructions,
  } // biome-ignore format: a table
  decoding(reader, () => reader.readFields(readModuleField, draft))
  return finish(draft)
}

/**
 * Reads the module out of an HloProto (its field 1), the form in which a profile's `/host:metadata` plane holds it. Errors as
 * `readHloModule`.
 */
export function readHloProto(bytes: Uint8Array, limits: Partial<HloLimits> = {}): HloModule {
  const reader = new BoundedReader(bytes, { code: 'bad_hlo', what: 'The HLO proto' })
  const found: { module: Uint8Array | null } = { module: null }
  decoding(reader, () =>
    reader.readFields((tag, into, r) => {
      if (tag === 1) into.module = r.readBytes()
    }, found),
  )
  if (found.module === null)
    throw new PromptsError('bad_hlo', 'The HLO proto holds no module.', { hint: 'Capture the profile with its HLO protos.' })
  return readHloModule(found.module, limits)
}

function readModuleField(tag: number, draft: Draft, reader: PbfReader): void {
  if (tag === 1) draft.name = reader.readString()
  else if (tag === 2) draft.entryName = reader.readString()
  else if (tag === 3) draft.computations.push(readComputation(reader, draft))
  else if (tag === 6) draft.entryId = reader.readVarint(true)
  else if (tag === 7) {
    draft.sequences ??= new Map()
    reader.readMessage(readScheduleField, draft.sequences)
  } else if (tag === 14) draft.parameterShardings.push(readSharding(reader))
  else if (tag === 15) {
    reader.readMessage((t, into, r) => {
      if (t === 2) into.partitions = r.readVarint(true)
    }, draft)
  } else if (tag === 17) reader.readMessage(readFramesField, draft.frames)
}

function readComputation(reader: PbfReader, draft: Draft): Draft['computations'][number] {
  const computation: Draft['computations'][number] = {
    id: -1, name: '', thread: '', isFusion: false, instructions: [], byId: new Map(), root: null, rootId: -1, raw: [],
  } // biome-ignore format: a table
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) into.name = r.readString()
    else if (tag === 2) {
      if (--draft.instructionsLeft < 0) throw tooLarge('It has more instructions than are read')
      into.raw.push(r.readMessage(readInstructionField, newInstruction()))
    } else if (tag === 5) into.id = r.readVarint(true)
    else if (tag === 6) into.rootId = r.readVarint(true)
    else if (tag === 7) into.isFusion = r.readBoolean()
    else if (tag === 8) into.thread = r.readString()
  }, computation)
}

function readScheduleField(tag: number, sequences: Map<number, number[]>, reader: PbfReader): void {
  if (tag !== 1) return
  const entry = { key: 0, ids: [] as number[] }
  reader.readMessage((t, into, r) => {
    if (t === 1) into.key = r.readVarint(true)
    else if (t === 2) {
      r.readMessage((tt, ids: number[], rr) => {
        if (tt === 1) rr.readPackedVarint(ids, true)
      }, into.ids)
    }
  }, entry)
  sequences.set(entry.key, entry.ids)
}

function readFramesField(tag: number, frames: StackFrames, reader: PbfReader): void {
  if (tag === 1) frames.files.push(reader.readString())
  else if (tag === 3) {
    frames.locations.push(
      reader.readMessage(
        (t, into, r) => {
          if (t === 1) into.file = r.readVarint()
          else if (t === 3) into.line = r.readVarint()
        },
        { file: 0, line: 0 },
      ),
    )
  } else if (tag === 4) {
    frames.frames.push(
      reader.readMessage(
        (t, into, r) => {
          if (t === 1) into.location = r.readVarint()
        },
        { location: 0 },
      ),
    )
  }
}

/** Links what refers to what: ids, roots, the schedule, the entry, stack frames. */
function finish(draft: Draft): HloModule {
  const computations = new Map<number, HloComputation>()
  for (const { raw, rootId, ...computation } of draft.computations) {
    for (const { stackFrameId, ...instruction } of raw) {
      if (instruction.source === null) instruction.source = sourceOf(draft.frames, stackFrameId)
      computation.byId.set(instruction.id, instruction)
    }
    computation.root = computation.byId.get(rootId) ?? null
    const order = draft.sequences?.get(computation.id) ?? raw.map(({ id }) => id)
    for (const id of order) {
      const instruction = computation.byId.get(id)
      if (instruction !== undefined) computation.instructions.push(instruction)
    }
    computations.set(computation.id, computation)
  }
  const entry = computations.get(draft.entryId) ?? draft.computations.find(({ name }) => name === draft.entryName) ?? null
  if (entry === null || entry.byId.size === 0) {
    throw new PromptsError('bad_hlo', 'These bytes are not an HLO module: there is no entry computation with instructions.', {
      hint: 'Give a serialized HloModuleProto of a compiled executable.',
    })
  }
  const linked = computations.get(entry.id) ?? entry
  for (const instruction of linked.instructions)
    if (instruction.opcode === 'parameter') instruction.sharding ??= draft.parameterShardings[instruction.parameterNumber] ?? null
  return { name: draft.name, entry: linked, computations, isScheduled: draft.sequences !== null, numPartitions: draft.partitions }
}

/** `file:line` of a frame; ids are positions that start at 1. */
function sourceOf(frames: StackFrames, frameId: number): string | null {
  const location = frames.locations[(frames.frames[frameId - 1]?.location ?? 0) - 1]
  const file = location && frames.files[location.file - 1]
  return file ? `${file}:${location.line}` : null
}

function tooLarge(what: string): PromptsError {
  return new PromptsError('too_large', `The HLO module is too large. ${what}.`, {
    hint: 'Raise the limit if the module is really that big.',
  })
}
