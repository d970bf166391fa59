import { PbfWriter } from 'pbf'
import { maskedCrc32c } from '../../src/experiment/events/crc32c.ts'

/** One summary to write: a text or a number, at a step. */
export interface Summary {
  tag: string
  step?: number
  text?: string
  number?: number
  wallTime?: number
}

/** A TFRecord. */
export function record(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(12)
  head.writeBigUInt64LE(BigInt(payload.length), 0)
  head.writeUInt32LE(maskedCrc32c(head.subarray(0, 8)), 8)
  const foot = Buffer.alloc(4)
  foot.writeUInt32LE(maskedCrc32c(payload), 0)
  return Buffer.concat([head, payload, foot])
}

/** A TensorBoard event file as tensorboardX writes one. */
export function eventFile(summaries: readonly Summary[]): Buffer {
  return Buffer.concat(summaries.map((summary) => record(event(summary))))
}

/** MaxText's text summaries and step times. */
export function maxTextEvents(settings: Record<string, string>, stepSeconds: readonly number[], firstStep = 0): Buffer {
  return eventFile([
    ...Object.entries(settings).map(([key, text]) => ({ tag: `${key}/text_summary`, text })),
    ...stepSeconds.map((number, i) => ({ tag: 'perf/step_time_seconds', step: firstStep + i, number })),
  ])
}

function event({ tag, step = 0, text, number, wallTime = 1_790_000_000 }: Summary): Uint8Array {
  const pbf = new PbfWriter()
  pbf.writeDoubleField(1, wallTime)
  pbf.writeVarintField(2, step)
  pbf.writeMessage(5, (_: null, summary: PbfWriter) => summary.writeMessage(1, writeValue, { tag, text, number }), null)
  return pbf.finish()
}

function writeValue({ tag, text, number }: Pick<Summary, 'tag' | 'text' | 'number'>, pbf: PbfWriter): void {
  pbf.writeStringField(1, tag)
  if (number !== undefined) pbf.writeFloatField(2, number)
  if (text !== undefined) pbf.writeMessage(8, (value: string, tensor: PbfWriter) => tensor.writeStringField(8, value), text)
}
