import { axisPlaces, type MeshTuple, type MutableTuple } from '../interconnect/mesh-tuple.ts'

/** The divisors of n, ascending. */
export function divisorsOf(n: number): number[] {
  const low: number[] = []
  const high: number[] = []
  for (let d = 1; d * d <= n; d++) {
    if (n % d !== 0) continue
    low.push(d)
    if (d * d !== n) high.push(n / d)
  }
  return [...low, ...high.reverse()]
}

/**
 * Visits every way to write n as an ordered product of six sizes, in lexicographic order. The visitor gets the same tuple each
 * time, changed in place: it copies what it keeps, and returns false to stop. Returns whether all were visited.
 */
export function forEachFactoring(n: number, visit: (tuple: MeshTuple) => unknown): boolean {
  const divisors = divisorsOf(n)
  const tuple: MutableTuple = [1, 1, 1, 1, 1, 1]
  const fill = (place: (typeof axisPlaces)[number], rest: number): boolean => {
    if (place === 5) {
      tuple[5] = rest
      return visit(tuple) !== false
    }
    const next = axisPlaces[place + 1] ?? 5
    for (const size of divisors) {
      if (size > rest) break
      if (rest % size !== 0) continue
      tuple[place] = size
      if (!fill(next, rest / size)) return false
    }
    return true
  }
  return fill(0, n)
}

/** How many factorings of n there are: a product of binomials over the exponents of its primes. */
export function countFactorings(n: number, axes = 6): number {
  let count = 1
  let rest = n
  for (let prime = 2; rest > 1; prime++) {
    if (prime * prime > rest) prime = rest
    let exponent = 0
    while (rest % prime === 0) {
      rest /= prime
      exponent++
    }
    count *= binomial(exponent + axes - 1, axes - 1)
  }
  return count
}

function binomial(n: number, k: number): number {
  let result = 1
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i
  return result
}
