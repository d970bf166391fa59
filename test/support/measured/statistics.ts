import { randomNumbers } from '../../../src/numbers/random-numbers.ts'

/** The p-quantile (0 to 1) by linear interpolation. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = p * (sorted.length - 1)
  const low = Math.floor(at)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted.length === 0 ? Number.NaN : sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low)
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** A 95% interval of a statistic by resampling whole groups, with a fixed seed. */
export function groupBootstrap<T>(groups: readonly (readonly T[])[], statistic: (items: T[]) => number, rounds = 2000): [number, number] {
  const random = randomNumbers(20260101)
  const results: number[] = []
  for (let round = 0; round < rounds; round++) {
    const items: T[] = []
    for (let i = 0; i < groups.length; i++) items.push(...groups[Math.floor(random() * groups.length)]!)
    results.push(statistic(items))
  }
  return [quantile(results, 0.025), quantile(results, 0.975)]
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = key(item)
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}

export function percent(value: number, digits = 1): string {
  return `${(value * 100).toFixed(digits)}%`
}
