import { PbfReader } from 'pbf'
import { describe, expect, it } from 'vitest'
import { readSharding } from '../../src/hlo/read-groups.ts'

const field = (number: number, bytes: readonly number[]): number[] => [(number << 3) | 2, bytes.length, ...bytes]
const axis = (name: string, size: number): number[] => field(1, [...field(1, [...Buffer.from(name)]), 0x10, size])
/** A reference to an axis of the mesh; the first one's number is not written. */
const split = (...axes: number[]): number[] =>
  field(
    3,
    axes.flatMap((at) => field(1, at === 0 ? [] : [0x08, at])),
  )
const read = (mesh: number[], ...dims: number[][]) => {
  const sharding = field(14, [...field(2, mesh), ...dims.flat()])
  const reader = new PbfReader(Uint8Array.from([sharding.length, ...sharding]))
  return readSharding(reader)
}

describe('a sharding by named axes', () => {
  const mesh = [...axis('fsdp', 4), ...axis('data', 2), ...axis('tensor', 3)]

  it('is written out as tiles, and what is left of the mesh replicates', () => {
    expect(read(mesh, split(0), split(), split(2))).toEqual({
      kind: 'tiled',
      tileDims: [4, 1, 3, 2],
      replicateOnLastDim: true,
      mesh: {
        axes: [
          { name: 'fsdp', size: 4 },
          { name: 'data', size: 2 },
          { name: 'tensor', size: 3 },
        ],
        deviceIds: null,
      },
    })
    expect(read(mesh, split(0, 1), split(2))).toMatchObject({ tileDims: [8, 3], replicateOnLastDim: false })
  })

  it('replicates where nothing is split, and without a mesh', () => {
    expect(read(mesh, split())).toMatchObject({ kind: 'replicated' })
    expect(read([])).toMatchObject({ kind: 'replicated', tileDims: [], mesh: null })
  })
})
