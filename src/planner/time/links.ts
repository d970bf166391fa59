import { type Axis, axes } from '../../contract/mesh.ts'
import { axisPlaces, type MeshTuple } from '../../interconnect/mesh-tuple.ts'
import type { Placement } from '../../interconnect/placement.ts'
import type { Rates } from './rates.ts'

/** What collectives over one logical axis can use. */
export interface AxisLink {
  /** Members inside a slice, and across slices. */
  size: number
  slices: number
  /** Bytes/s that one device can receive inside the slice. */
  bandwidth: number
  /** Seconds of latency of one collective. */
  latency: number
}

/** The links of every axis. */
export type AxisLinks = Readonly<Record<Axis, AxisLink>>

/** The links of a placed mesh. `into` is filled and returned: one evaluator needs one set at a time. */
export function axisLinks(options: { rates: Rates; placement: Placement; ici: MeshTuple; dcn: MeshTuple; into?: AxisLinks }): AxisLinks {
  const { rates, placement, ici, dcn, into = newLinks() } = options
  for (const place of axisPlaces) {
    const axis = placement.axes[place]
    const link = into[axes[place]]
    link.size = ici[place]
    link.slices = dcn[place]
    link.bandwidth = axis ? (axis.links > 0 ? axis.links * rates.link : rates.onChip) : rates.link
    link.latency = axis ? Math.max(1, axis.hops) * rates.hop : 0
  }
  return into
}

export function newLinks(): AxisLinks {
  const none = (): AxisLink => ({ size: 1, slices: 1, bandwidth: 0, latency: 0 })
  return { replica: none(), stage: none(), data: none(), seq: none(), model: none(), expert: none() }
}

/** Seconds that collectives take: inside the slice and across slices. */
export interface Traffic {
  ici: number
  dcn: number
}

/** A collective that happens `times` times, over the axes given together. */
export interface Transfer {
  bytes: number
  times: number
  over: readonly AxisLink[]
}

/**
 * An all-gather to `bytes` (or a reduce-scatter of them) over axes together: V·(n−1)/n ÷ the bandwidth of all the axes used (the scaling
 * book); across slices every device carries its share of the slice's part.
 */
export function gather(traffic: Traffic, rates: Rates, { bytes, times, over }: Transfer): void {
  let size = 1
  let slices = 1
  let bandwidth = 0
  let latency = 0
  for (const axis of over) {
    slices *= axis.slices
    if (axis.size === 1) continue
    size *= axis.size
    bandwidth += axis.bandwidth
    latency += axis.latency
  }
  if (size > 1) traffic.ici += times * ((bytes * (size - 1)) / size / bandwidth + latency)
  if (slices > 1) traffic.dcn += (times * ((bytes / size) * ((slices - 1) / slices))) / rates.dcn
}

/** An all-to-all of `bytes` held by each device: a quarter of an all-gather of the whole array (the scaling book). */
export function exchange(traffic: Traffic, rates: Rates, { bytes, times, over }: Transfer): void {
  for (const axis of over) {
    if (axis.size > 1) traffic.ici += times * ((axis.size * bytes) / (4 * axis.bandwidth) + axis.latency)
    if (axis.slices > 1) traffic.dcn += times * ((bytes * (axis.slices - 1)) / axis.slices / rates.dcn)
  }
}

/** Sends `bytes` to the neighbour on the axis. */
export function shift(traffic: Traffic, rates: Rates, { bytes, times, over }: Transfer): void {
  for (const axis of over) {
    if (axis.size > 1) traffic.ici += times * (bytes / rates.link + axis.latency)
    if (axis.slices > 1) traffic.dcn += (times * bytes) / rates.dcn
  }
}
