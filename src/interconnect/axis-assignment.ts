/**
 * Which physical axes one logical axis of a mesh gets, given what the axes after it took: the rule of
 * `jax.experimental.mesh_utils.create_device_mesh` for N-dimensional tori, written anew from its behaviour and compared with
 * it pair by pair in the tests. JAX goes from the last logical axis to the first and never gives anything back; axes of 1
 * take nothing that matters.
 */

/**
 * A set of free physical axes (bit mask) whose product is `size`: the first in JAX's order, larger sets first. Null when
 * there is none, and then JAX starts over with splitting, if it may.
 */
export function takeWhole(size: number, grid: readonly number[], taken: number): number | null {
  return subsetsOf(grid.length).find((mask) => (mask & taken) === 0 && productOf(grid, mask) === size) ?? null
}

/**
 * Pieces of physical axes that multiply to `size`: of all ways to spread its prime factors over what is left, the best by
 * `isBetter`. `taken` is what later logical axes hold of each physical axis. Null where JAX raises.
 */
export function takeSplit(size: number, grid: readonly number[], taken: readonly number[]): number[] | null {
  const best = bestSpread(size, grid, taken)
  return best !== null && best.reduce((a, b) => a * b, 1) === size ? best : null
}

/**
 * The prime factors JAX sees. Its trial division stops at √n + 1, and if a larger prime is left over then, it answers with
 * that prime alone: 12 is 2·2·3, but 10 is 5 and 28 is 7. Splitting an axis of such a size therefore fails, or fails later,
 * and a legal mesh is one that JAX accepts.
 */
export function primeFactors(n: number): number[] {
  const factors: number[] = []
  const last = Math.floor(Math.sqrt(n)) + 1
  let rest = n
  for (let prime = 2; prime <= last && rest > 1; prime++) {
    while (rest % prime === 0) {
      factors.push(prime)
      rest /= prime
    }
  }
  return rest === 1 ? factors : [rest]
}

function bestSpread(size: number, grid: readonly number[], taken: readonly number[]): number[] | null {
  const left = grid.map((n, p) => primeFactors(n / taken[p]!))
  const wanted = new Map<number, number>()
  for (const prime of primeFactors(size)) wanted.set(prime, (wanted.get(prime) ?? 0) + 1)
  const primes = [...wanted.keys()]
  const current = grid.map(() => 1)
  let best: number[] | null = null

  const spread = (i: number, p: number, needed: number): void => {
    if (i === primes.length) {
      if (best === null || isBetter(current, best, grid, taken)) best = [...current]
      return
    }
    const prime = primes[i]!
    if (p === grid.length) {
      if (needed === 0) spread(i + 1, 0, wanted.get(primes[i + 1] ?? 0) ?? 0)
      return
    }
    const available = left[p]!.filter((factor) => factor === prime).length
    const before = current[p]!
    for (let count = 0; count <= Math.min(available, needed); count++) {
      current[p] = before * prime ** count
      spread(i, p + 1, needed - count)
    }
    current[p] = before
  }
  spread(0, 0, wanted.get(primes[0] ?? 0) ?? 0)
  return best
}

/** JAX's preference: more of whole physical axes, more whole axes, more on axes already in use, then the earlier axis. */
function isBetter(x: readonly number[], y: readonly number[], grid: readonly number[], taken: readonly number[]): boolean {
  const byWholeSize = measure(x, (size, p) => size === grid[p]) - measure(y, (size, p) => size === grid[p])
  if (byWholeSize !== 0) return byWholeSize > 0
  const byWholeCount = wholeAxes(x, grid) - wholeAxes(y, grid)
  if (byWholeCount !== 0) return byWholeCount > 0
  const byUsed = measure(x, (_, p) => taken[p]! > 1) - measure(y, (_, p) => taken[p]! > 1)
  if (byUsed !== 0) return byUsed > 0
  const differ = x.findIndex((size, p) => size !== y[p])
  return differ >= 0 && x[differ]! > y[differ]!
}

function measure(sizes: readonly number[], counts: (size: number, p: number) => boolean): number {
  let product = 1
  for (let p = 0; p < sizes.length; p++) if (counts(sizes[p]!, p)) product *= sizes[p]!
  return product
}

function wholeAxes(sizes: readonly number[], grid: readonly number[]): number {
  return sizes.filter((size, p) => size > 1 && size === grid[p]).length
}

function productOf(grid: readonly number[], mask: number): number {
  let product = 1
  for (let p = 0; p < grid.length; p++) if (mask & (1 << p)) product *= grid[p]!
  return product
}

const subsetCache = new Map<number, number[]>()

/** Non-empty subsets of n physical axes as bit masks, in JAX's order: larger first, then lexicographic by axis. */
function subsetsOf(n: number): number[] {
  const cached = subsetCache.get(n)
  if (cached) return cached
  const members = (mask: number) => Array.from({ length: n }, (_, p) => p).filter((p) => mask & (1 << p))
  const masks = Array.from({ length: 2 ** n - 1 }, (_, i) => i + 1).sort((a, b) => {
    const [x, y] = [members(a), members(b)]
    if (x.length !== y.length) return y.length - x.length
    const differ = x.findIndex((p, i) => p !== y[i])
    return x[differ]! - y[differ]!
  })
  subsetCache.set(n, masks)
  return masks
}
