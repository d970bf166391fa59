import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Axis, axes } from '../../src/contract/mesh.ts'
import { type Collective, collectiveSeconds, slicesSeconds } from '../../src/interconnect/collective-seconds.ts'
import { placementOfParts } from '../../src/interconnect/group-links.ts'
import { axisIndex, axisPlaces, type MeshTuple } from '../../src/interconnect/mesh-tuple.ts'
import { devicePositions, physicalPlacement, placementTogether } from '../../src/interconnect/physical-mesh.ts'
import type { AxisPart } from '../../src/interconnect/placement.ts'
import type { Slice } from '../../src/interconnect/slice.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { forEachFactoring } from '../../src/planner/enumerate.ts'

const rates = { link: 90e9, onChip: 540e9, dcn: 5e9, hop: 0, dcnStart: 1e-4 }
const kinds: readonly Collective[] = ['all-gather', 'reduce-scatter', 'all-reduce', 'all-to-all']

const slices: readonly (readonly ['v5p' | 'v5e' | 'v6e' | 'tpu7x', string])[] = [
  ['v5p', '2x2x1'],
  ['v5p', '2x2x4'],
  ['v5p', '2x4x4'],
  ['v5p', '4x4x4'],
  ['v5p', '4x4x8'],
  ['v5p', '4x8x8'],
  ['v5e', '2x2'],
  ['v5e', '2x4'],
  ['v5e', '4x4'],
  ['v6e', '4x8'],
  ['v6e', '8x8'],
  ['v6e', '8x16'],
  ['v6e', '16x16'],
  ['tpu7x', '2x2x1'],
  ['tpu7x', '2x2x2'],
  ['tpu7x', '2x4x4'],
  ['tpu7x', '4x4x4'],
]

/** Every mesh of a slice that JAX lays, with every set of its axes that is longer than 1. */
function placed(slice: Slice): { tuple: MeshTuple; over: Axis[] }[] {
  const found: { tuple: MeshTuple; over: Axis[] }[] = []
  forEachFactoring(slice.devices, (mesh) => {
    const tuple: MeshTuple = [...mesh]
    // three axes show every order and interleaving
    if (tuple[0] > 1 || tuple[1] > 1 || tuple[3] > 1 || physicalPlacement(tuple, slice).physical === 'impossible') return
    const used = axes.filter((axis) => tuple[axisIndex[axis]] > 1)
    for (let mask = 1; mask < 2 ** used.length; mask++) found.push({ tuple, over: used.filter((_, i) => mask & (2 ** i)) })
  })
  return found
}

/**
 * The least seconds that any schedule can take: over every cut of the slice by one or two planes across a physical axis, what
 * must cross it over the links that do.
 */
function leastSeconds(kind: Collective, bytes: number, { tuple, over }: { tuple: MeshTuple; over: Axis[] }, slice: Slice): number {
  const positions = devicePositions(tuple, slice)!
  const groups = new Map<string, (readonly number[])[]>()
  for (const [i, position] of positions.entries()) {
    let rest = i
    const key: number[] = []
    for (const place of axisPlaces.toReversed()) {
      if (!over.includes(axes[place])) key.push(rest % tuple[place])
      rest = Math.floor(rest / tuple[place])
    }
    groups.set(key.join(), [...(groups.get(key.join()) ?? []), position])
  }
  let least = 0
  for (const [dim, length] of slice.dims.entries()) {
    const lines = slice.chips / length
    const wraps = slice.wrap[dim] === true && length > 2
    for (let from = 0; from < length; from++)
      for (let to = from + 1; to <= length; to++) {
        const planes = (from > 0 ? 1 : wraps ? 1 : 0) + (to < length ? 1 : wraps ? 1 : 0)
        if (to - from === length) continue
        const inside = (p: readonly number[]) => p[dim]! >= from && p[dim]! < to
        let into = 0
        let out = 0
        for (const group of groups.values()) {
          const n = group.length
          const a = group.filter(inside).length
          if (a === 0 || a === n) continue
          // either side lacks the shards of the other; of an all-reduce each needs the other's whole sum; of an all-to-all every
          // pair's part
          into += kind === 'all-reduce' ? bytes : kind === 'all-to-all' ? (a * (n - a) * bytes) / n : ((n - a) * bytes) / n
          out += kind === 'all-reduce' ? bytes : kind === 'all-to-all' ? (a * (n - a) * bytes) / n : (a * bytes) / n
        }
        least = Math.max(least, Math.max(into, out) / (planes * lines) / rates.link)
      }
  }
  return least
}

const someSlice = fc.constantFrom(...slices).map(([chip, shape]) => findSlice(chip, shape))
const somePlaced = someSlice.chain((slice) => fc.constantFrom(...placed(slice)).map((mesh) => ({ slice, ...mesh })))

describe('the seconds of a collective', () => {
  it('are never below what must cross a cut of the slice', () => {
    fc.assert(
      fc.property(somePlaced, fc.constantFrom(...kinds), ({ slice, tuple, over }, kind) => {
        const group = placementTogether(physicalPlacement(tuple, slice), tuple, over, slice)!
        const { wire } = collectiveSeconds(kind, 1e9, group, { ...rates, onChip: Number.POSITIVE_INFINITY })
        expect(wire).toBeGreaterThanOrEqual(leastSeconds(kind, 1e9, { tuple, over }, slice) * (1 - 1e-9))
      }),
      { numRuns: 1500 },
    )
  })

  it('are those of a whole all-to-all’s bisection where one group has the slice to itself', () => {
    for (const [chip, shape, each] of [
      ['v5p', '4x4x4', 1 / 2],
      ['v5p', '8x8x8', 1],
      ['v6e', '16x16', 2],
      ['v5e', '4x4', 1],
    ] as const) {
      const slice = findSlice(chip, shape)
      const tuple: MeshTuple = [1, 1, 1, 1, 1, slice.devices]
      const group = physicalPlacement(tuple, slice).axes[5]!
      const { wire } = collectiveSeconds('all-to-all', 1e9, group, rates)
      expect(wire).toBeGreaterThanOrEqual(leastSeconds('all-to-all', 1e9, { tuple, over: ['expert'] }, slice) * (1 - 1e-9))
      if (!(chip === 'v5e')) expect(wire).toBeCloseTo((each * 1e9) / rates.link, 6)
    }
  })

  it('are those of the ring formulas on one ring', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 32 }), fc.integer({ min: 1, max: 1e9 }), (half, bytes) => {
        const n = 2 * half
        const ring = placementOfParts([{ dim: 0, size: n, stride: 1, ring: true }], 1)
        const of = (kind: Collective) => collectiveSeconds(kind, bytes, ring, rates).wire
        const gather = (bytes * (n - 1)) / n / (2 * rates.link)
        expect(of('all-gather')).toBeCloseTo(gather, 12)
        expect(of('reduce-scatter')).toBeCloseTo(gather, 12)
        expect(of('all-reduce')).toBeCloseTo(2 * gather, 12)
        // a quarter of the all-gather of all that its members hold
        expect(of('all-to-all')).toBeCloseTo((n * bytes) / (4 * 2 * rates.link), 12)
      }),
    )
  })

  it('grow with bytes, and with slower links, and shrink where a line closes to a ring or an axis more is used', () => {
    const part = fc.record({ size: fc.constantFrom(2, 4, 8, 16), stride: fc.constantFrom(1, 2, 4) })
    fc.assert(
      fc.property(part, part, fc.constantFrom(...kinds), fc.integer({ min: 1, max: 1e9 }), (x, y, kind, bytes) => {
        const parts = (ring: boolean): AxisPart[] => [
          { dim: 0, ...x, ring },
          { dim: 1, ...y, ring },
        ]
        const line = placementOfParts(parts(false), 1)
        const wire = (size: number, group = line, link = rates.link) => collectiveSeconds(kind, size, group, { ...rates, link }).wire
        expect(wire(bytes + 1)).toBeGreaterThan(wire(bytes))
        expect(wire(bytes, line, 45e9)).toBeGreaterThan(wire(bytes))
        expect(wire(bytes, placementOfParts(parts(true), 1))).toBeLessThanOrEqual(wire(bytes))
        // a physical axis more takes its part: the same members on one axis are slower
        const one = placementOfParts([{ dim: 0, size: x.size * y.size, stride: x.stride, ring: false }], 1)
        if (x.stride === y.stride) expect(wire(bytes)).toBeLessThanOrEqual(wire(bytes, one))
      }),
    )
  })

  it('join two pieces of one physical axis that continue each other, and take others one after the other', () => {
    const outer: AxisPart = { dim: 0, size: 4, stride: 4, ring: true }
    const inner: AxisPart = { dim: 0, size: 4, stride: 1, ring: false }
    expect(placementOfParts([outer, inner], 1)).toMatchObject({
      parts: [{ size: 16, stride: 1, ring: true }],
      links: 2,
      exchange: 2,
      hops: 8,
    })
    const apart = placementOfParts(
      [
        { ...outer, size: 2, stride: 8 },
        { ...inner, size: 2 },
      ],
      1,
    )
    expect(apart.links).toBeCloseTo(3 / 4 / 1.5)
  })

  it('let two devices of a chip share its links and exchange their halves on the chip', () => {
    const slice = findSlice('tpu7x', '4x4x4')
    const of = (tuple: MeshTuple, axis: 2 | 4, kind: Collective) =>
      collectiveSeconds(kind, 1e9, physicalPlacement(tuple, slice).axes[axis]!, rates).wire
    expect(of([1, 1, 64, 1, 2, 1], 4, 'all-gather')).toBeCloseTo(0.5e9 / 540e9, 9)
    expect(of([1, 1, 64, 1, 2, 1], 4, 'all-to-all')).toBeCloseTo(0.5e9 / 540e9, 9)
    // 64 chips, each with a device in either of two groups
    expect(of([1, 1, 64, 1, 2, 1], 2, 'all-gather')).toBeCloseTo((1e9 * 63) / 64 / (3 * 90e9), 9)
    expect(of([1, 1, 128, 1, 1, 1], 2, 'all-gather')).toBeCloseTo((1e9 * 63) / 64 / (6 * 90e9), 9)
    expect(of([1, 1, 128, 1, 1, 1], 2, 'all-to-all')).toBeCloseTo((2 * 1e9 * 4) / 8 / 90e9, 9)
  })

  it('between slices are each device’s part, and an exchange a further slice', () => {
    expect(slicesSeconds('all-gather', 1e9, 1, rates)).toEqual({ wire: 0, latency: 0 })
    expect(slicesSeconds('all-reduce', 1e9, 4, rates)).toEqual({ wire: (2 * 0.75 * 1e9) / 5e9, latency: 6 * rates.dcnStart })
    expect(slicesSeconds('all-to-all', 1e9, 2, rates).wire).toBeCloseTo(0.1, 9)
  })
})
