/** One axis of the device mesh with the links that lie under it. */
export interface LinkAxis {
  name: string
  size: number
  /** One-way links a device keeps busy in a collective over the axis: 2 on a closed ring, 1 on a line, the sum over several physical axes. */
  links: number
  /** Links to the farthest member: the latency floor. */
  hops: number
  /** The pieces of physical axes under it, for all-to-all; empty counts as one. */
  parts: readonly { size: number; ring: boolean }[]
}

/** How the devices of a module are joined. A caller builds it from the chip's figures and where the mesh lies on the slice. */
export interface Interconnect {
  /** The axes in mesh order (major first), of one slice; the product is the devices of a slice. */
  axes: readonly LinkAxis[]
  /** GB/s of one link, one way. */
  linkGbps: number
  /** GB/s one way between the two devices of a chip; null on chips with one. */
  onChipGbps: number | null
  /** Microseconds a hop. */
  hopUs: number
  /** GB/s one way from one device to other slices. */
  dcnGbps: number
  /** Microseconds to start a transfer between slices. */
  dcnUs: number
  /** Physical coordinates (x, y, z, core) of each device in mesh order, and the torus, to route permutes; null: by axis alone. */
  torus: { positions: readonly (readonly number[])[]; dims: readonly number[]; wrap: readonly boolean[] } | null
}

/** Directed links that the messages of a permute cross, with how many cross each. */
export interface LinkLoad {
  links: ReadonlyMap<string, number>
  /** The most messages over one link between chips, and over one link inside a chip. */
  busiest: number
  busiestOnChip: number
  hops: number
}

/** Routes every message the shorter way along x, then y, then z, then to the other device of the chip. */
export function routePermute(pairs: readonly (readonly [number, number])[], torus: NonNullable<Interconnect['torus']>): LinkLoad {
  const links = new Map<string, number>()
  let hops = 0
  for (const [source, target] of pairs) {
    const from = torus.positions[source]
    const to = torus.positions[target]
    if (from && to) hops = Math.max(hops, route(from, to, torus, links))
  }
  let busiest = 0
  let busiestOnChip = 0
  for (const [link, count] of links) {
    if (link.endsWith('core')) busiestOnChip = Math.max(busiestOnChip, count)
    else busiest = Math.max(busiest, count)
  }
  return { links, busiest, busiestOnChip, hops }
}

function route(
  from: readonly number[],
  to: readonly number[],
  torus: NonNullable<Interconnect['torus']>,
  links: Map<string, number>,
): number {
  const at = [from[0] ?? 0, from[1] ?? 0, from[2] ?? 0]
  let hops = 0
  for (const dim of [0, 1, 2]) {
    const length = torus.dims[dim] ?? 1
    const ahead = ((to[dim] ?? 0) - at[dim]! + length) % length
    const closed = torus.wrap[dim] === true && length > 2
    const forward = closed ? ahead <= length - ahead : (to[dim] ?? 0) > at[dim]!
    for (let left = closed ? Math.min(ahead, length - ahead) : Math.abs((to[dim] ?? 0) - at[dim]!); left > 0; left--) {
      const link = `${at.join(',')} ${dim}${forward ? '+' : '-'}`
      links.set(link, (links.get(link) ?? 0) + 1)
      at[dim] = (at[dim]! + (forward ? 1 : -1) + length) % length
      hops++
    }
  }
  if ((from[3] ?? 0) !== (to[3] ?? 0)) {
    const link = `${at.join(',')} ${from[3] ?? 0} core`
    links.set(link, (links.get(link) ?? 0) + 1)
  }
  return hops
}
