/** The median of the steps after the first ones, ms, with a note of what it is; null without any. */
export function medianStepMs(stepSeconds: ReadonlyMap<number, number>, notes: string[]): number | null {
  const steps = [...stepSeconds].sort(([a], [b]) => a - b).map(([, seconds]) => seconds)
  const steady = steps.length > 4 ? steps.slice(2) : steps.slice(1)
  if (steady.length === 0) return null
  const sorted = steady.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  notes.push(`measured step time: the median of ${steady.length} steps after the first ${steps.length - steady.length}`)
  return Math.round(median * 1e6) / 1e3
}
