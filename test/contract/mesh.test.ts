import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { axes, compactMesh, formatMesh, type Mesh, meshSchema, meshSize, sameMesh } from '../../src/contract/mesh.ts'

const mesh = fc.record(Object.fromEntries(axes.map((axis) => [axis, fc.integer({ min: 1, max: 64 })])), {
  requiredKeys: [],
}) as fc.Arbitrary<Mesh>

describe('mesh', () => {
  it('leaves axes of 1 out without changing the size', () => {
    fc.assert(
      fc.property(mesh, (one) => {
        const compact = compactMesh(one)
        expect(meshSize(compact)).toBe(meshSize(one))
        expect(Object.values(compact)).not.toContain(1)
        expect(sameMesh(compact, one)).toBe(true)
      }),
    )
  })

  it('is shown in the order of the device mesh', () => {
    expect(formatMesh({ model: 4, replica: 2, data: 16 })).toBe('replica=2 · data=16 · model=4')
    expect(formatMesh({})).toBe('one device')
  })

  it('refuses zero, fractions and unknown axes', () => {
    for (const bad of [{ data: 0 }, { data: 1.5 }, { fsdp: 8 }]) expect(meshSchema.safeParse(bad).success).toBe(false)
  })
})
