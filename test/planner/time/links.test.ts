import { describe, expect, it } from 'vitest'
import { placementOfParts } from '../../../src/interconnect/group-links.ts'
import { physicalPlacement } from '../../../src/interconnect/physical-mesh.ts'
import { findSlice } from '../../../src/knowledge/data/topologies.ts'
import { type AxisLink, addCollective, meshLinks, type Traffic } from '../../../src/planner/time/links.ts'

const rates = { link: 90e9, onChip: 540e9, dcn: 5e9, hop: 1e-6, dcnStart: 1e-4 }
const ring = (size: number, slices = 1): AxisLink => ({
  inside: placementOfParts([{ dim: 0, size, stride: 1, ring: true }], 1),
  size,
  slices,
})

function seconds(run: (traffic: Traffic) => void): Traffic {
  const traffic = { ici: 0, dcn: 0 }
  run(traffic)
  return traffic
}

describe('collectives of a mesh', () => {
  it('cost nothing on an axis of one, and only latency for no bytes', () => {
    const alone: AxisLink = { inside: null, size: 1, slices: 1 }
    expect(seconds((t) => addCollective(t, rates, { kind: 'all-gather', bytes: 1e9, times: 3, over: alone }))).toEqual({ ici: 0, dcn: 0 })
    expect(seconds((t) => addCollective(t, rates, { kind: 'all-gather', bytes: 0, times: 3, over: ring(8) })).ici).toBeCloseTo(12e-6, 12)
  })

  it('across slices carry each device’s share over the data-center network, and start an exchange a further slice', () => {
    const over = (slices: number) =>
      seconds((t) => addCollective(t, rates, { kind: 'all-gather', bytes: 8e9, times: 1, over: ring(4, slices) })).dcn
    expect(over(2)).toBeCloseTo(((8e9 / 4) * (1 / 2)) / 5e9 + 1e-4, 9)
    expect(over(8)).toBeCloseTo(((8e9 / 4) * (7 / 8)) / 5e9 + 7e-4, 9)
  })

  it('join the physical axes of the mesh axes that they run over', () => {
    const slice = findSlice('v5p', '4x4x4')
    const ici = [1, 1, 16, 1, 1, 4] as const
    const links = meshLinks({ placement: physicalPlacement(ici, slice), ici, dcn: [1, 1, 1, 1, 1, 1], slice })
    expect(links('data')).toMatchObject({ size: 16, inside: { size: 16, links: 4 } })
    expect(links('data', 'seq', 'expert')).toMatchObject({ size: 64, inside: { size: 64, links: 6 } })
    expect(links('seq').inside).toBeNull()
  })
})
