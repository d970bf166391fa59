import type { Axis } from '../../contract/mesh.ts'
import { type Collective, collectiveSeconds, type LinkRates, slicesSeconds } from '../../interconnect/collective-seconds.ts'
import { axisIndex, type MeshTuple } from '../../interconnect/mesh-tuple.ts'
import { placementTogether } from '../../interconnect/physical-mesh.ts'
import type { AxisPlacement, Placement } from '../../interconnect/placement.ts'
import type { Slice } from '../../interconnect/slice.ts'

/** What collectives over some axes together can use. */
export interface AxisLink {
  /** Where the axes lie inside a slice; null when they have one member there. */
  inside: AxisPlacement | null
  /** Members inside a slice, and slices. */
  size: number
  slices: number
}

/** The links of a placed mesh, by the axes of a collective. */
export type MeshLinks = (...over: Axis[]) => AxisLink

/** A mesh on a slice: sizes inside it and across slices, and where each axis lies. */
export interface LaidMesh {
  placement: Placement
  ici: MeshTuple
  dcn: MeshTuple
  slice: Slice
}

export function meshLinks({ placement, ici, dcn, slice }: LaidMesh): MeshLinks {
  return (...over) => {
    let size = 1
    let slices = 1
    for (const axis of over) {
      size *= ici[axisIndex[axis]]
      slices *= dcn[axisIndex[axis]]
    }
    return { inside: placementTogether(placement, ici, over, slice), size, slices }
  }
}

/** Seconds that collectives take: inside the slice and across slices. */
export interface Traffic {
  ici: number
  dcn: number
}

/** `times` collectives of one kind. `bytes`: the whole array of one of them; of an all-to-all, what one device holds. */
export interface Transfer {
  kind: Collective
  bytes: number
  times: number
  over: AxisLink
}

/**
 * Adds the seconds of collectives by the law of `interconnect`; what crosses slices is each device's share of its slice's part.
 */
export function addCollective(traffic: Traffic, rates: LinkRates, { kind, bytes, times, over }: Transfer): void {
  if (over.inside) {
    const { wire, latency } = collectiveSeconds(kind, bytes, over.inside, rates)
    traffic.ici += times * (wire + latency)
  }
  if (over.slices > 1) {
    const share = kind === 'all-to-all' ? bytes : bytes / over.size
    const { wire, latency } = slicesSeconds(kind, share, over.slices, rates)
    traffic.dcn += times * (wire + latency)
  }
}

/** Sends `bytes` to the neighbour on the axis. */
export function addShift(traffic: Traffic, rates: LinkRates, { bytes, times, over }: Omit<Transfer, 'kind'>): void {
  if (over.inside) traffic.ici += times * (bytes / (over.inside.links > 0 ? rates.link : rates.onChip) + rates.hop)
  if (over.slices > 1) traffic.dcn += times * (bytes / rates.dcn + rates.dcnStart)
}
