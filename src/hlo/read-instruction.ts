import type { PbfReader } from 'pbf'
import { readDeviceList, readIotaGroups, readMeshAxesGroups, readReplicaGroup, readSharding } from './read-groups.ts'
import { noShape, readShape } from './read-shape.ts'
import type { ConvolutionDims, DotDims, HloInstruction, WindowDim } from './types.ts'

/**
 * An instruction with what is resolved once the whole module is read: where its stack frame is, and the old form of its groups.
 */
export interface RawInstruction extends HloInstruction {
  stackFrameId: number
}

export const newInstruction = (): RawInstruction => ({
  id: -1, name: '', opcode: '', shape: noShape, operands: [], called: [], opName: '', source: null, fusionKind: '', customCallTarget: '',
  thread: '', direction: '', tupleIndex: 0, parameterNumber: 0, literal: null, dimensions: [], dynamicSliceSizes: [], dot: null, convolution: null, window: [],
  channelId: 0, useGlobalIds: false, isHostTransfer: false, replicaGroups: null, sourceTargetPairs: [], sharding: null, attributes: null,
  backendConfigBytes: null, stackFrameId: 0,
}) // biome-ignore format: a table

/** Reads one field of an HloInstructionProto; the numbers are those of XLA's hlo.proto. */
export function readInstructionField(tag: number, into: RawInstruction, reader: PbfReader): void {
  switch (tag) {
    case 1:
      into.name = reader.readString()
      break
    case 2:
      into.opcode = reader.readString()
      break
    case 3:
      into.shape = readShape(reader)
      break
    case 7:
      reader.readMessage(readMetadataField, into)
      break
    case 8:
      reader.readMessage(readLiteralField, into)
      break
    case 9:
      into.parameterNumber = reader.readVarint()
      break
    case 11:
      into.fusionKind = reader.readString()
      break
    case 13:
      into.tupleIndex = reader.readVarint()
      break
    case 14:
      reader.readPackedVarint(into.dimensions, true)
      break
    case 15:
      reader.readMessage(readWindowField, into.window)
      break
    case 16:
      into.convolution = readConvolutionDims(reader)
      break
    case 20:
      reader.readPackedVarint(into.dynamicSliceSizes, true)
      break
    case 26:
      into.channelId = reader.readVarint(true)
      break
    case 28:
      into.customCallTarget = reader.readString()
      break
    case 30:
      into.dot = readDotDims(reader)
      break
    case 35:
      into.id = reader.readVarint(true)
      break
    case 36:
      reader.readPackedVarint(into.operands, true)
      break
    case 38:
      reader.readPackedVarint(into.called, true)
      break
    case 40:
      into.sharding = readSharding(reader)
      break
    case 43:
      into.backendConfigBytes = reader.readBytes()
      break
    case 47:
      into.isHostTransfer = reader.readBoolean()
      break
    case 49:
      readOldGroup(into, reader)
      break
    case 52:
      into.sourceTargetPairs.push(readPair(reader))
      break
    case 63:
      into.direction = reader.readString()
      break
    case 68:
      reader.readMessage(readAttributeField, into)
      break
    case 71:
      into.useGlobalIds = reader.readBoolean()
      break
    case 79:
      into.thread = reader.readString()
      break
    case 87:
      into.replicaGroups = readDeviceList(reader)
      break
    case 92:
      into.replicaGroups = readIotaGroups(reader)
      break
    case 93:
      into.replicaGroups = readMeshAxesGroups(reader)
      break
  }
}

/** The deprecated list; a device list of a newer writer wins over it. */
function readOldGroup(into: RawInstruction, reader: PbfReader): void {
  const group = readReplicaGroup(reader)
  if (into.replicaGroups === null) into.replicaGroups = { form: 'list', groups: [group] }
  else if (into.replicaGroups.form === 'list') (into.replicaGroups.groups as number[][]).push(group)
}

function readMetadataField(tag: number, into: RawInstruction, reader: PbfReader): void {
  if (tag === 2) into.opName = reader.readString()
  else if (tag === 3) into.source = reader.readString()
  else if (tag === 4) into.source = `${into.source ?? ''}:${reader.readVarint()}`
  else if (tag === 15) into.stackFrameId = reader.readVarint()
}

/** Only whole numbers and booleans (fields 2 preds, 4 s32s, 5 s64s, 6 u32s, 7 u64s), and only of lists of one. */
function readLiteralField(tag: number, into: RawInstruction, reader: PbfReader): void {
  if (tag !== 2 && (tag < 4 || tag > 7)) return
  if (reader.type === 2) {
    const start = reader.pos
    const length = reader.readVarint()
    reader.pos = start
    if (length > 10) {
      reader.skip(2)
      return
    }
  }
  const values = reader.readPackedVarint([], true)
  into.literal = values.length === 1 ? values[0]! : null
}

function readWindowField(tag: number, window: WindowDim[], reader: PbfReader): void {
  if (tag === 1) window.push(reader.readMessage(readWindowDimField, { ...plainWindow }))
}

const plainWindow: WindowDim = { size: 1, stride: 1, padLow: 0, padHigh: 0, windowDilation: 1, baseDilation: 1 }

function readWindowDimField(tag: number, into: WindowDim, reader: PbfReader): void {
  if (tag === 1) into.size = reader.readVarint(true)
  else if (tag === 2) into.stride = reader.readVarint(true)
  else if (tag === 3) into.padLow = reader.readVarint(true)
  else if (tag === 4) into.padHigh = reader.readVarint(true)
  else if (tag === 5) into.windowDilation = reader.readVarint(true)
  else if (tag === 6) into.baseDilation = reader.readVarint(true)
}

function readConvolutionDims(reader: PbfReader): ConvolutionDims {
  const dims = {
    inputSpatial: [] as number[],
    kernelSpatial: [] as number[],
    outputSpatial: [] as number[],
    kernelInputFeature: 0,
    kernelOutputFeature: 0,
  }
  return reader.readMessage((tag, into, r) => {
    if (tag === 3) into.kernelInputFeature = r.readVarint()
    else if (tag === 4) into.kernelOutputFeature = r.readVarint()
    else if (tag === 6) r.readPackedVarint(into.kernelSpatial)
    else if (tag === 11) r.readPackedVarint(into.inputSpatial)
    else if (tag === 12) r.readPackedVarint(into.outputSpatial)
  }, dims)
}

/** Keeps `_xla_…` keys of the attribute map, which are few; users' own attributes may be many. */
function readAttributeField(tag: number, into: RawInstruction, reader: PbfReader): void {
  if (tag !== 1) return
  const entry = { key: '', value: '' }
  reader.readMessage((t, e, r) => {
    if (t === 1) e.key = r.readString()
    else if (t === 2) e.value = r.readString()
  }, entry)
  if (entry.key.startsWith('_xla_')) into.attributes = { ...into.attributes, [entry.key]: entry.value }
}

function readDotDims(reader: PbfReader): DotDims {
  const dims = { lhsContracting: [] as number[], rhsContracting: [] as number[], lhsBatch: [] as number[], rhsBatch: [] as number[] }
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) r.readPackedVarint(into.lhsContracting)
    else if (tag === 2) r.readPackedVarint(into.rhsContracting)
    else if (tag === 3) r.readPackedVarint(into.lhsBatch)
    else if (tag === 4) r.readPackedVarint(into.rhsBatch)
  }, dims)
}

function readPair(reader: PbfReader): [number, number] {
  const pair: [number, number] = [0, 0]
  return reader.readMessage((tag, into, r) => {
    if (tag === 1) into[0] = r.readVarint(true)
    else if (tag === 2) into[1] = r.readVarint(true)
  }, pair)
}
