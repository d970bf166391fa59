import { readFileSync } from 'node:fs'
import { crc32, gunzipSync } from 'node:zlib'
import { z } from 'zod'
import type { ChipName } from '../../src/contract/chip.ts'
import { chipSchema } from '../../src/contract/chip-schema.ts'
import type { DevicePosition } from '../../src/interconnect/hand-laid-ring.ts'
import type { MeshTuple } from '../../src/interconnect/mesh-tuple.ts'
import type { Slice } from '../../src/interconnect/slice.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { forEachFactoring } from '../../src/planner/enumerate.ts'

const recordSchema = z.object({
  jax: z.string(),
  pairs: z.number(),
  slices: z.array(
    z.object({
      chip: chipSchema,
      dims: z.array(z.number()),
      devices: z.number(),
      meshes: z.enum(['all', 'ones first']),
      /** One letter a mesh: c contiguous, s split, i impossible. */
      verdicts: z.string(),
      /** Index of a mesh, CRC-32 of where JAX puts its devices. */
      placements: z.array(z.tuple([z.number(), z.number()])),
    }),
  ),
})

export type JaxMeshRecord = z.infer<typeof recordSchema>

/** What `scripts/record-jax-mesh.py` recorded of the real JAX. */
export function readJaxMeshRecord(): JaxMeshRecord {
  const file = new URL('../fixtures/jax-mesh/recorded.json.gz', import.meta.url)
  return recordSchema.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')))
}

/** The meshes of a recorded slice in the order of its verdicts. */
export function recordedMeshes(entry: JaxMeshRecord['slices'][number]): MeshTuple[] {
  const meshes: MeshTuple[] = []
  forEachFactoring(entry.devices, (tuple) => {
    if (entry.meshes === 'all' || onesFirst(tuple)) meshes.push([...tuple])
  })
  return meshes
}

function onesFirst(tuple: MeshTuple): boolean {
  const first = tuple.findIndex((size) => size !== 1)
  return first === -1 || !tuple.slice(first).includes(1)
}

export function sliceOf(chip: ChipName, dims: readonly number[]): Slice {
  return findSlice(chip, dims.join('x'))
}

/** The fingerprint that the record holds of a placement. */
export function fingerprint(positions: readonly DevicePosition[]): number {
  return crc32(Uint8Array.from(positions.flat()))
}
