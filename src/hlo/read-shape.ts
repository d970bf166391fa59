import type { PbfReader } from 'pbf'
import type { HloShape } from './types.ts'

/** PrimitiveType of xla_data.proto. */
const primitiveTypes: Readonly<Record<number, string>> = {
  1: 'pred', 2: 's8', 3: 's16', 4: 's32', 5: 's64', 6: 'u8', 7: 'u16', 8: 'u32', 9: 'u64', 10: 'f16', 11: 'f32', 12: 'f64',
  13: 'tuple', 14: 'opaque', 15: 'c64', 16: 'bf16', 17: 'token', 18: 'c128', 19: 'f8e5m2', 20: 'f8e4m3fn', 21: 's4', 22: 'u4',
  23: 'f8e4m3b11fnuz', 24: 'f8e5m2fnuz', 25: 'f8e4m3fnuz', 26: 's2', 27: 'u2', 28: 'f8e4m3', 29: 'f8e3m4', 30: 's1', 31: 'u1',
  32: 'f4e2m1fn', 33: 'f8e8m0fnu', 34: 'buffer', 35: 'f6e3m2fn', 36: 'f6e2m3fn',
} // biome-ignore format: a table

interface Draft extends HloShape {
  dims: number[]
  minorToMajor: number[]
  tiles: number[][]
  elements: Draft[]
}

const draft = (): Draft => ({ type: 'invalid', dims: [], minorToMajor: [], tiles: [], memorySpace: 0, elements: [] })

/** The shape of an instruction that has none. */
export const noShape: HloShape = Object.freeze(draft())

/** Reads a ShapeProto at the cursor. */
export function readShape(reader: PbfReader): HloShape {
  return reader.readMessage(readShapeField, draft())
}

function readShapeField(tag: number, shape: Draft, reader: PbfReader): void {
  if (tag === 2) {
    const code = reader.readVarint()
    shape.type = primitiveTypes[code] ?? `type${code}`
  } else if (tag === 3) reader.readPackedVarint(shape.dims, true)
  else if (tag === 4) shape.elements.push(reader.readMessage(readShapeField, draft()))
  else if (tag === 5) reader.readMessage(readLayoutField, shape)
}

function readLayoutField(tag: number, shape: Draft, reader: PbfReader): void {
  if (tag === 1) reader.readPackedVarint(shape.minorToMajor)
  else if (tag === 6) shape.tiles.push(reader.readMessage(readTileField, []))
  else if (tag === 8) shape.memorySpace = reader.readVarint()
}

function readTileField(tag: number, tile: number[], reader: PbfReader): void {
  if (tag === 1) reader.readPackedVarint(tile, true)
}
