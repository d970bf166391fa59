import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { chips } from '../../src/contract/chip.ts'
import { type MeshTuple, tupleProduct } from '../../src/interconnect/mesh-tuple.ts'
import { devicePositions, physicalPlacement, placer } from '../../src/interconnect/physical-mesh.ts'
import { forEachFactoring } from '../../src/planner/enumerate.ts'
import { findPython, lacks, needing } from '../support/needs.ts'
import { fingerprint, readJaxMeshRecord, recordedMeshes, sliceOf } from './jax-mesh-record.ts'

const record = readJaxMeshRecord()

describe('physical meshes, as the real JAX judges them', () => {
  it(`agrees with JAX ${record.jax} on all ${record.pairs} recorded pairs of slice and mesh`, { timeout: 120_000 }, () => {
    const differ: string[] = []
    let compared = 0
    for (const entry of record.slices) {
      const slice = sliceOf(entry.chip, entry.dims)
      expect(slice.devices).toBe(entry.devices)
      const place = placer(slice)
      for (const [i, mesh] of recordedMeshes(entry).entries()) {
        const ours = place(mesh).physical[0]
        if (ours !== entry.verdicts[i]) differ.push(`${entry.chip} ${entry.dims} ${mesh}: ours ${ours}, JAX ${entry.verdicts[i]}`)
        compared++
      }
    }
    expect(differ).toEqual([])
    expect(compared).toBe(record.pairs)
  })

  it('has every chip, and the slices up to 2048 devices that have a name', () => {
    expect(new Set(record.slices.map((entry) => entry.chip))).toEqual(new Set(chips))
    expect(Math.max(...record.slices.map((entry) => entry.devices))).toBe(2048)
    expect(record.pairs).toBeGreaterThan(400_000)
  })

  it('puts every device where JAX puts it', { timeout: 120_000 }, () => {
    const differ: string[] = []
    let compared = 0
    for (const entry of record.slices) {
      const slice = sliceOf(entry.chip, entry.dims)
      const meshes = recordedMeshes(entry)
      for (const [index, crc] of entry.devices > 256 ? entry.placements.slice(0, 6) : entry.placements) {
        const mesh = meshes[index]!
        if (fingerprint(devicePositions(mesh, slice)!) !== crc) differ.push(`${entry.chip} ${entry.dims} ${mesh}`)
        compared++
      }
    }
    expect(differ).toEqual([])
    expect(compared).toBeGreaterThan(2000)
  })

  it.skipIf(lacks('jax'))(needing('agrees with a live JAX on meshes drawn anew', 'jax'), { timeout: 300_000 }, () => {
    const asked = record.slices
      .filter((entry) => entry.devices >= 16)
      .filter((_, i) => i % 9 === new Date().getDate() % 9)
      .map((entry) => {
        const all = recordedMeshes(entry)
        return { entry, meshes: Array.from({ length: 40 }, () => all[Math.floor(Math.random() * all.length)]!) }
      })
    const input = asked.map(({ entry, meshes }) => JSON.stringify({ chip: entry.chip, dims: entry.dims, meshes })).join('\n')
    const script = fileURLToPath(new URL('../../scripts/record-jax-mesh.py', import.meta.url))
    const answer = spawnSync(findPython('jax')!, [script, 'ask'], { input: `${input}\n`, encoding: 'utf8', timeout: 280_000 })
    expect(answer.status, answer.stderr).toBe(0)
    const lines = answer.stdout.trim().split('\n')
    expect(lines).toHaveLength(asked.length)
    for (const [i, { entry, meshes }] of asked.entries()) {
      const slice = sliceOf(entry.chip, entry.dims)
      const { verdicts, placements } = answerSchema.parse(JSON.parse(lines[i]!))
      for (const [j, mesh] of meshes.entries()) {
        expect(`${entry.chip} ${entry.dims} ${mesh}: ${physicalPlacement(mesh, slice).physical[0]}`).toBe(
          `${entry.chip} ${entry.dims} ${mesh}: ${verdicts[j]}`,
        )
        const positions = devicePositions(mesh, slice)
        expect(positions && fingerprint(positions)).toBe(placements[j])
      }
    }
  })
})

const answerSchema = z.object({ verdicts: z.string(), placements: z.array(z.number().nullable()) })

describe('placements', () => {
  const someMesh = fc
    .constantFrom(...record.slices.filter((entry) => entry.devices <= 256))
    .chain((entry) => fc.constantFrom(...recordedMeshes(entry)).map((mesh) => ({ slice: sliceOf(entry.chip, entry.dims), mesh })))

  it('lays each device on exactly one place', () => {
    fc.assert(
      fc.property(someMesh, ({ slice, mesh }) => {
        const positions = devicePositions(mesh, slice)
        fc.pre(positions !== null)
        const places = new Set(positions!.map((at) => at.join()))
        expect(places.size).toBe(slice.devices)
        for (const [x, y, z = 0, core] of positions!) {
          expect(x < slice.dims[0]! && y < slice.dims[1]! && z < (slice.dims[2] ?? 1) && core < slice.devicesPerChip).toBe(true)
        }
      }),
    )
  })

  it('gives every axis parts that multiply to its size, and physical axes that are used up exactly', () => {
    fc.assert(
      fc.property(someMesh, ({ slice, mesh }) => {
        const { physical, axes } = physicalPlacement(mesh, slice)
        fc.pre(physical !== 'impossible')
        const used = [1, 1, 1, 1]
        let handLaid = false
        for (const [i, axis] of axes.entries()) {
          expect(axis?.size ?? 1).toBe(mesh[i])
          if (!axis) continue
          if (axis.parts.length === 0) handLaid = true
          else expect(axis.parts.reduce((a, part) => a * part.size, 1)).toBe(axis.size)
          for (const part of axis.parts) used[part.dim]! *= part.size
          expect(axis.links > 0 || axis.size === axis.onChip).toBe(true)
        }
        // Rings laid by hand cross physical axes in other ways.
        const byHand = handLaid || slice.devices <= 32
        if (!byHand) expect(used).toEqual([slice.dims[0], slice.dims[1], slice.dims[2] ?? 1, slice.devicesPerChip])
      }),
    )
  })

  it('does not change when axes of 1 are put elsewhere', () => {
    fc.assert(
      fc.property(someMesh, fc.array(fc.nat(5), { minLength: 6, maxLength: 6 }), ({ slice, mesh }, shuffle) => {
        const sizes = mesh.filter((size) => size !== 1)
        const moved = [...sizes]
        for (const at of shuffle.slice(0, 6 - sizes.length)) moved.splice(Math.min(at, moved.length), 0, 1)
        const ours = (tuple: readonly number[]) => physicalPlacement(tuple as unknown as MeshTuple, slice)
        expect(ours(moved).physical).toBe(ours(mesh).physical)
        expect(ours(moved).axes.filter(Boolean)).toEqual(ours(mesh).axes.filter(Boolean))
      }),
    )
  })

  it('refuses a mesh that does not fill the slice', () => {
    const slice = sliceOf('v5p', [4, 4, 4])
    for (const mesh of [
      [1, 1, 8, 1, 4, 1],
      [1, 1, 64, 1, 4, 1],
    ] as const) {
      expect(tupleProduct(mesh)).not.toBe(slice.devices)
      expect(physicalPlacement(mesh, slice).physical).toBe('impossible')
    }
  })
})

describe('what the axes of a mesh get', () => {
  const axis = (chip: 'v5p' | 'v5e' | 'v6e' | 'tpu7x', dims: number[], mesh: MeshTuple, i: number) =>
    physicalPlacement(mesh, sliceOf(chip, dims)).axes[i]!

  it('is two links for a whole axis with wrap-around, and the sum over several axes', () => {
    expect(axis('v5p', [4, 4, 4], [1, 1, 16, 1, 4, 1], 4)).toMatchObject({ links: 2, hops: 2, parts: [{ size: 4, stride: 1, ring: true }] })
    expect(axis('v5p', [4, 4, 4], [1, 1, 16, 1, 4, 1], 2)).toMatchObject({ links: 4, hops: 4 })
    expect(axis('v6e', [16, 16], [1, 1, 256, 1, 1, 1], 2)).toMatchObject({ links: 4, hops: 16 })
  })

  it('is one link for a line: no wrap-around on 8x8, or a part of a ring', () => {
    expect(axis('v6e', [8, 8], [1, 1, 8, 1, 8, 1], 4)).toMatchObject({ links: 1, hops: 7 })
    expect(axis('v6e', [16, 16], [1, 1, 64, 1, 4, 1], 4)).toMatchObject({ links: 1, hops: 3, parts: [{ size: 4, stride: 1, ring: false }] })
  })

  it('is shared by the groups that interleave on one physical axis', () => {
    const data = axis('v6e', [16, 16], [1, 1, 64, 1, 4, 1], 2)
    expect(data.parts).toEqual([
      { dim: 0, size: 4, stride: 4, ring: true },
      { dim: 1, size: 16, stride: 1, ring: true },
    ])
    expect(data.links).toBe(2 / 4 + 2)
  })

  it('is half for each device of a tpu7x chip unless the axis spans both, and no link at all inside the chip', () => {
    const onChip = axis('tpu7x', [4, 4, 4], [1, 1, 64, 1, 2, 1], 4)
    expect(onChip).toMatchObject({ links: 0, hops: 0, onChip: 2 })
    expect(axis('tpu7x', [4, 4, 4], [1, 1, 64, 1, 2, 1], 2)).toMatchObject({ links: 3, onChip: 1 })
    expect(axis('tpu7x', [4, 4, 4], [1, 1, 128, 1, 1, 1], 2)).toMatchObject({ links: 6, onChip: 2 })
  })

  it('follows the ring that JAX lays by hand on small slices', () => {
    expect(axis('v5e', [2, 2], [1, 1, 4, 1, 1, 1], 2)).toMatchObject({ links: 2, hops: 2 })
    expect(axis('v5e', [2, 2], [1, 1, 2, 1, 2, 1], 4)).toMatchObject({ links: 1, hops: 1 })
    expect(axis('v5e', [2, 4], [1, 1, 8, 1, 1, 1], 2)).toMatchObject({ links: 2 })
    // Pairs across the ring, such as (0,0) with (1,3): two of the four share the links in the middle.
    expect(axis('v5e', [2, 4], [1, 1, 2, 1, 4, 1], 2)).toMatchObject({ parts: [], links: 0.5, hops: 4 })
  })

  it('depends on the order of the axes', () => {
    const slice = sliceOf('v5p', [2, 2, 4])
    let differ = 0
    let staged = 0
    forEachFactoring(16, (mesh) => {
      if (mesh[1] === 1) return
      staged++
      const [replica, stage, data, seq, model, expert] = mesh
      const moved: MeshTuple = [replica, data, seq, model, expert, stage]
      if (physicalPlacement(mesh, slice).physical !== physicalPlacement(moved, slice).physical) differ++
    })
    expect([differ, staged]).toEqual([20, 56])
  })
})
