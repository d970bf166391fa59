import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskedCrc32c } from '../../../src/experiment/events/crc32c.ts'
import { readEventFile } from '../../../src/experiment/events/read-event-file.ts'
import { eventFile, maxTextEvents, record } from '../../support/event-file.ts'

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const read = (bytes: Uint8Array, size = 1000) => readEventFile(inChunks(bytes, size))
const whole = maxTextEvents({ emb_dim: '256', libtpu_init_args: '--a=1' }, [9, 2, 2.5])

describe('readEventFile', () => {
  it('knows the checksum of RFC 3720', () => {
    // CRC-32C of "123456789" is 0xe3069283
    const crc = 0xe3069283
    expect(maskedCrc32c(Buffer.from('123456789'))).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0)
  })

  it.each([1, 7, 13, 4096])('reads settings and steps in chunks of %i bytes', async (size) => {
    const file = await read(whole, size)
    expect([...file.texts]).toEqual([
      ['emb_dim', '256'],
      ['libtpu_init_args', '--a=1'],
    ])
    expect(file.steps).toEqual([9, 2, 2.5].map((seconds, step) => ({ step, seconds })))
    expect(file.end).toEqual({ truncated: false, skipped: 0, brokenAt: null, unreadable: 0 })
  })

  it('reads a file that is still being written up to its last whole record', async () => {
    const file = await read(whole.subarray(0, whole.length - 5))
    expect(file.steps.map((one) => one.step)).toEqual([0, 1])
    expect(file.end.truncated).toBe(true)
  })

  it('passes over a record whose checksum is wrong, and goes on', async () => {
    const bytes = Buffer.from(whole)
    bytes[20]! ^= 0xff
    const file = await read(bytes)
    expect(file.end.skipped).toBe(1)
    expect(file.steps).toHaveLength(3)
  })

  it('stops where the framing makes no sense, and says where', async () => {
    const file = await read(Buffer.concat([whole, Buffer.alloc(40, 0x5a)]))
    expect(file.end.brokenAt).toBe(whole.length)
    expect(file.steps).toHaveLength(3)
  })

  it('passes over what is no event', async () => {
    const file = await read(Buffer.concat([record(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f])), whole]))
    expect(file.end.unreadable).toBe(1)
    expect(file.texts.size).toBe(2)
  })

  it('does not hold a record that is too long', async () => {
    const long = record(Buffer.alloc(17 * 2 ** 20))
    const file = await read(Buffer.concat([long, whole]), 65_536)
    expect(file.end.skipped).toBe(1)
    expect(file.steps).toHaveLength(3)
  })

  it('keeps the tags of other scalars, to say what wrote the file', async () => {
    const file = await read(eventFile([{ tag: 'train/loss', step: 1, number: 2 }]))
    expect([...file.scalarTags]).toEqual(['train/loss'])
    expect(file.steps).toEqual([])
  })

  it('never throws, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length), async (noise, at) => {
        const bytes = Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)])
        const file = await read(bytes, 64)
        expect(file.steps.length).toBeLessThanOrEqual(3)
      }),
      { numRuns: 200 },
    )
  })
})
