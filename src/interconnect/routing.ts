/** The chips of a slice as messages are routed over them. */
export interface Torus {
  dims: readonly number[]
  wrap: readonly boolean[]
}

/** Directed links that messages cross, with how many cross each. */
export type LinkCounts = Map<string, number>

/**
 * Routes a message the shorter way along x, then y, then z, then to the other device of the chip; counts each directed link that
 * it crosses and returns the hops between chips. Positions are (x, y, z, device of the chip).
 */
export function route(from: readonly number[], to: readonly number[], { dims, wrap }: Torus, links: LinkCounts): number {
  const at = [from[0] ?? 0, from[1] ?? 0, from[2] ?? 0]
  let hops = 0
  for (const [dim, start] of at.entries()) {
    const length = dims[dim] ?? 1
    const target = to[dim] ?? 0
    const ahead = (target - start + length) % length
    const closed = wrap[dim] === true && length > 2
    const forward = closed ? ahead <= length - ahead : target > start
    let place = start
    for (let left = closed ? Math.min(ahead, length - ahead) : Math.abs(target - start); left > 0; left--) {
      const link = `${at.join(',')} ${dim}${forward ? '+' : '-'}`
      links.set(link, (links.get(link) ?? 0) + 1)
      place = (place + (forward ? 1 : -1) + length) % length
      at[dim] = place
      hops++
    }
  }
  if ((from[3] ?? 0) !== (to[3] ?? 0)) {
    const link = `${at.join(',')} ${from[3] ?? 0} ${onChipLink}`
    links.set(link, (links.get(link) ?? 0) + 1)
  }
  return hops
}

const onChipLink = 'core'

/** Whether a counted link joins the two devices of a chip. */
export function isOnChip(link: string): boolean {
  return link.endsWith(onChipLink)
}
