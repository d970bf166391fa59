import type { MeshTuple, Placement } from '../placement.ts'
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

/** The links of the six axes, in the order of a MeshTuple. `into` is filled and returned: one evaluator needs one set at a time. */
export function axisLinks(rates: Rates, placement: Placement, ici: MeshTuple, dcn: MeshTuple, into: AxisLink[] = newLinks()): AxisLink[] {
  for (let i = 0; i < into.length; i++) {
    const axis = placement.axes[i]
    const link = into[i]!
    link.size = ici[i]!
    link.slices = dcn[i]!
    link.bandwidth = axis ? (axis.links > 0 ? axis.links * rates.link : rates.onChip) : rates.link
    link.latency = axis ? Math.max(1, axis.hops) * rates.hop : 0
  }
  return into
}

export function newLinks(): AxisLink[] {
  return Array.from({ length: 6 }, () => ({ size: 1, slices: 1, bandwidth: 0, latency: 0 }))
}

/** Seconds that collectives take: inside the slice and across slices. */
export interface Traffic {
  ici: number
  dcn: number
}

/**
 * An all-gather to `bytes` (or a reduce-scatter of them) over up to three axes together: V·(n−1)/n ÷ the bandwidth of all the axes used
 * (the scaling book); across slices every device carries its share of the slice's part.
 */
export function gather(traffic: Traffic, rates: Rates, bytes: number, times: number, a: AxisLink, b?: AxisLink, c?: AxisLink): void {
  const size = a.size * (b?.size ?? 1) * (c?.size ?? 1)
  const slices = a.slices * (b?.slices ?? 1) * (c?.slices ?? 1)
  if (size > 1) {
    const bandwidth = used(a) + (b ? used(b) : 0) + (c ? used(c) : 0)
    const latency = waits(a) + (b ? waits(b) : 0) + (c ? waits(c) : 0)
    traffic.ici += times * ((bytes * (size - 1)) / size / bandwidth + latency)
  }
  if (slices > 1) traffic.dcn += (times * ((bytes / size) * ((slices - 1) / slices))) / rates.dcn
}

function used(axis: AxisLink): number {
  return axis.size > 1 ? axis.bandwidth : 0
}

function waits(axis: AxisLink): number {
  return axis.size > 1 ? axis.latency : 0
}

/** An all-to-all of `bytes` held by each device: a quarter of an all-gather of the whole array (the scaling book). */
export function exchange(traffic: Traffic, rates: Rates, bytes: number, times: number, axis: AxisLink): void {
  if (axis.size > 1) traffic.ici += times * ((axis.size * bytes) / (4 * axis.bandwidth) + axis.latency)
  if (axis.slices > 1) traffic.dcn += times * ((bytes * (axis.slices - 1)) / axis.slices / rates.dcn)
}

/** Sends `bytes` to the neighbour on the axis. */
export function shift(traffic: Traffic, rates: Rates, bytes: number, times: number, axis: AxisLink): void {
  if (axis.size > 1) traffic.ici += times * (bytes / rates.link + axis.latency)
  if (axis.slices > 1) traffic.dcn += (times * bytes) / rates.dcn
}
