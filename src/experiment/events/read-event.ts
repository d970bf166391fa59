import { PbfReader } from 'pbf'

/** One value of a summary: a text, or a number. */
export interface SummaryValue {
  tag: string
  text: string | null
  number: number | null
}

/** The part of a TensorBoard event that matters. */
export interface SummaryEvent {
  /** Seconds since 1970. */
  wallTime: number
  step: number
  values: SummaryValue[]
}

const dtypes = { float: 1, double: 2 } as const

/**
 * Reads a `tensorflow.Event` (event.proto, summary.proto, tensor.proto): wall_time = 1, step = 2, summary = 5; Summary.value = 1;
 * Value.tag = 1, simple_value = 2, tensor = 8; TensorProto.dtype = 1, tensor_content = 4, float_val = 5, double_val = 6,
 * string_val = 8. Every other field is passed over. Values whose tag `wanted` refuses are not decoded.
 * @throws Error for bytes that are not an Event
 */
export function readEvent(payload: Uint8Array, wanted: (tag: string) => boolean): SummaryEvent {
  const event: SummaryEvent = { wallTime: 0, step: 0, values: [] }
  const pbf = new PbfReader(payload)
  pbf.readFields((field: number) => {
    if (field === 1) event.wallTime = pbf.readDouble()
    else if (field === 2) event.step = pbf.readVarint(true)
    else if (field === 5)
      pbf.readMessage((inner: number) => {
        if (inner === 1) {
          const value = readValue(pbf, wanted)
          if (value !== null) event.values.push(value)
        }
      }, null)
  }, null)
  return event
}

function readValue(pbf: PbfReader, wanted: (tag: string) => boolean): SummaryValue | null {
  const value: SummaryValue = { tag: '', text: null, number: null }
  let tensor: { start: number; end: number } | null = null
  pbf.readMessage((field: number) => {
    if (field === 1) value.tag = pbf.readString()
    else if (field === 2) value.number = pbf.readFloat()
    else if (field === 8) {
      const end = pbf.readVarint() + pbf.pos
      tensor = { start: pbf.pos, end }
      pbf.pos = end
    }
  }, null)
  if (!wanted(value.tag)) return null
  if (tensor !== null) {
    const { start, end } = tensor as { start: number; end: number }
    readTensor(pbf.buf.subarray(start, end), value)
  }
  return value
}

/** The first element of a tensor: a text, or a number in any of the ways that one is written. */
function readTensor(bytes: Uint8Array, into: SummaryValue): void {
  const pbf = new PbfReader(bytes)
  let dtype = 0
  let content: Uint8Array | null = null
  pbf.readFields((field: number) => {
    if (field === 1) dtype = pbf.readVarint()
    else if (field === 4) content = pbf.readBytes()
    else if (field === 5) into.number ??= firstFloat(pbf)
    else if (field === 6) into.number ??= firstDouble(pbf)
    else if (field === 8) into.text ??= pbf.readString()
  }, null)
  if (content === null || into.number !== null) return
  const raw = content as Uint8Array
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  if (dtype === dtypes.float && raw.length >= 4) into.number = view.getFloat32(0, true)
  if (dtype === dtypes.double && raw.length >= 8) into.number = view.getFloat64(0, true)
}

function firstFloat(pbf: PbfReader): number | null {
  return pbf.type === 2 ? (pbf.readPackedFloat()[0] ?? null) : pbf.readFloat()
}

function firstDouble(pbf: PbfReader): number | null {
  return pbf.type === 2 ? (pbf.readPackedDouble()[0] ?? null) : pbf.readDouble()
}
