import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import { findAntiPatterns } from '../../src/hlo/anti-patterns/find.ts'
import { collectivesOf } from '../../src/hlo/collectives.ts'
import { readHloModule, readHloProto } from '../../src/hlo/read-module.ts'
import { replaySchedule } from '../../src/hlo/replay.ts'
import { fixtureBytes, ringOf, roundDevice } from './fixture.ts'

/** Reads and uses whatever the bytes hold; only a coded error may come out. */
function readAll(bytes: Uint8Array): void {
  try {
    const module = readHloModule(bytes)
    const net = ringOf('data', 8)
    collectivesOf(module, net.axes)
    findAntiPatterns(module, { mesh: net.axes, mxuSide: 128 })
    replaySchedule(module, { device: roundDevice, net })
  } catch (error) {
    if (!(error instanceof PromptsError)) throw error
    expect(['bad_hlo', 'too_large']).toContain(error.code)
    expect(error.message).not.toBe('')
  }
}

const names = ['kinds_v5p', 'loops_v5e', 'gather_slice_v5e', 'tensor_v6e'] as const

test.each(names)('%s cut short anywhere is an error that names the place, or a module', (name) => {
  const whole = fixtureBytes(name)
  fc.assert(
    fc.property(fc.integer({ min: 0, max: whole.length - 1 }), (length) => readAll(whole.subarray(0, length))),
    { numRuns: 60 },
  )
  expect(() => readHloModule(whole.subarray(0, Math.floor(whole.length / 2)))).toThrow(/at byte \d+/)
})

test.each(names)('%s with bytes overwritten is an error or a module, never a crash or a hang', (name) => {
  const whole = fixtureBytes(name)
  const change = fc.record({ at: fc.nat(whole.length - 1), value: fc.integer({ min: 0, max: 255 }) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 20 }), (changes) => {
      const bytes = whole.slice()
      for (const { at, value } of changes) bytes[at] = value
      readAll(bytes)
    }),
    { numRuns: 120 },
  )
})

test('random bytes are not a module', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(() => readHloModule(bytes)).toThrow(PromptsError)
      expect(() => readHloProto(bytes)).toThrow(PromptsError)
    }),
    { numRuns: 300 },
  )
})

test('an empty computation is no module, whatever its wire type', () => {
  for (const bytes of [
    [24, 0],
    [26, 0],
  ])
    expect(() => readHloModule(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'bad_hlo' }))
})

test('limits stop a module that is too large', () => {
  const bytes = fixtureBytes('tensor_v6e')
  expect(() => readHloModule(bytes, { maxBytes: 1000 })).toThrow(expect.objectContaining({ code: 'too_large' }))
  expect(() => readHloModule(bytes, { maxInstructions: 10 })).toThrow(expect.objectContaining({ code: 'too_large' }))
})
