import fc from 'fast-check'
import { expect, test } from 'vitest'
import { axesOfGroup, axesOfPairs } from '../../src/hlo/mesh-axes.ts'
import { expandGroups, groupSizeOf } from '../../src/hlo/replica-groups.ts'
import type { ReplicaGroups } from '../../src/hlo/types.ts'
import { groupsOfText } from './text-groups.ts'

const mesh = [
  { name: 'data', size: 4 },
  { name: 'seq', size: 2 },
  { name: 'model', size: 4 },
]

test('axes of a group follow from the places of its devices, row-major', () => {
  expect(axesOfGroup([0, 1, 2, 3], mesh)).toEqual([{ axis: 'model', size: 4, stride: 1, whole: true }])
  expect(axesOfGroup([0, 8, 16, 24], mesh)?.map(({ axis }) => axis)).toEqual(['data'])
  expect(axesOfGroup([0, 4, 8, 12, 16, 20, 24, 28], mesh)?.map(({ axis }) => axis)).toEqual(['data', 'seq'])
  expect(axesOfGroup([1, 3], mesh)).toEqual([{ axis: 'model', size: 2, stride: 2, whole: false }])
  expect(axesOfGroup([0, 9], mesh)).toBeNull()
  expect(axesOfGroup([0, 99], mesh)).toBeNull()
})

test('a permute has the axes it moves along, and its distance round the axis', () => {
  expect(axesOfPairs([[0, 1], [1, 2], [2, 3], [3, 0]], mesh)).toEqual({ axes: ['model'], shift: { size: 4, by: 1 } })
  expect(axesOfPairs([[0, 24], [8, 0], [16, 8], [24, 16]], mesh)).toEqual({ axes: ['data'], shift: { size: 4, by: 3 } })
  expect(axesOfPairs([[0, 4], [4, 8], [8, 12]], mesh)).toEqual({ axes: ['data', 'seq'], shift: null })
}) // biome-ignore format: pairs

/** Meshes of up to four axes with any axes, whole or in part, in any order. */
const meshGroups = fc
  .array(fc.constantFrom(1, 2, 3, 4, 6, 8), { minLength: 1, maxLength: 4 })
  .chain((sizes) =>
    fc.tuple(fc.constant(sizes), fc.shuffledSubarray(sizes.map((_, i) => i)), fc.array(fc.nat(99), { minLength: 8, maxLength: 8 })),
  )

test('groups over mesh axes, in part or whole, are those that a plain enumeration finds', () => {
  fc.assert(
    fc.property(meshGroups, ([sizes, axes, picks]) => {
      const refs = axes.map((axis, i) => ({ axis, sub: subAxis(sizes[axis]!, picks[i]!, picks[i + 4]!) }))
      const groups: ReplicaGroups = {
        form: 'mesh',
        mesh: { axes: sizes.map((size, i) => ({ name: `a${i}`, size })), deviceIds: null },
        axes: refs,
      }
      const written = refs.map(({ axis, sub }) => `'a${axis}'${sub ? `:(${sub.preSize})${sub.size}` : ''}`).join(',')
      const text = `mesh[${sizes.map((size, i) => `'a${i}'=${size}`).join(',')}] {${written}}`
      const expected = groupsOfText(text)
      expect(expandGroups(groups)).toEqual(expected)
      expect(groupSizeOf(groups)).toBe(expected[0]!.length)
    }),
    { numRuns: 300 },
  )
})

function subAxis(size: number, a: number, b: number): { preSize: number; size: number } | null {
  const divisors = (n: number) => Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0)
  const pres = divisors(size)
  const preSize = pres[a % pres.length]!
  const lengths = divisors(size / preSize)
  const length = lengths[b % lengths.length]!
  return length === size ? null : { preSize, size: length }
}
