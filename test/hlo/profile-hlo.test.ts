import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findAntiPatterns } from '../../src/hlo/anti-patterns/find.ts'
import { BoundedReader } from '../../src/hlo/bounded-reader.ts'
import { collectivesOf } from '../../src/hlo/collectives.ts'
import { readHloProto } from '../../src/hlo/read-module.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'

const profile = join(sharedData, 'profiles', 'tpu-v6e-inference', 'host0.xplane.pb')

/**
 * The HLO protos of the `/host:metadata` plane: XSpace.planes (1), XPlane.event_metadata (4), XEventMetadata.stats (5),
 * XStat.bytes (6).
 */
function hloProtos(bytes: Uint8Array): Uint8Array[] {
  const protos: Uint8Array[] = []
  const space = new BoundedReader(bytes, { code: 'bad_profile', what: 'The profile' })
  space.readFields((tag, _, r) => {
    if (tag !== 1) return
    const plane = { name: '', found: [] as Uint8Array[] }
    r.readMessage((t, into, p) => {
      if (t === 2) into.name = p.readString()
      else if (t === 4) into.found.push(...entryBytes(p.readBytes()))
    }, plane)
    if (plane.name === '/host:metadata') protos.push(...plane.found)
  }, null)
  return protos
}

function entryBytes(entry: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  new BoundedReader(entry, { code: 'bad_profile', what: 'The profile' }).readFields((tag, _, r) => {
    if (tag !== 2) return
    r.readMessage((t, __, metadata) => {
      if (t !== 5) return
      metadata.readMessage((field, ___, stat) => {
        if (field === 6) found.push(stat.readBytes())
      }, null)
    }, null)
  }, null)
  return found
}

describe.skipIf(lacks('shared') || !existsSync(profile))(needing('the HLO protos of a real v6e profile', 'shared'), () => {
  test('read as modules with an entry, in schedule order, and can be searched', () => {
    const protos = hloProtos(readFileSync(profile))
    expect(protos.length).toBeGreaterThan(0)
    let instructions = 0
    for (const proto of protos) {
      const module = readHloProto(proto)
      expect(module.name).not.toBe('')
      for (const { byId, root } of module.computations.values()) {
        instructions += byId.size
        expect(root).not.toBeNull()
        for (const each of byId.values()) for (const operand of each.operands) expect(byId.has(operand)).toBe(true)
      }
      expect(Array.isArray(collectivesOf(module, null))).toBe(true)
      expect(Array.isArray(findAntiPatterns(module))).toBe(true)
    }
    expect(instructions).toBeGreaterThan(20)
  })
})
