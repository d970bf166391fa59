/** Minimizes a function of a few variables by a pattern search: deterministic, without gradients. Returns the best point. */
export function minimize(
  loss: (x: readonly number[]) => number,
  start: readonly number[],
  options: { step?: number; tolerance?: number } = {},
): number[] {
  const { step: firstStep = 0.3, tolerance = 0.004 } = options
  const x = [...start]
  const steps = x.map(() => firstStep)
  let best = loss(x)
  while (Math.max(...steps) > tolerance) {
    for (let i = 0; i < x.length; i++) {
      const from = x[i]!
      let moved = false
      for (const direction of [1, -1]) {
        x[i] = from + direction * steps[i]!
        const value = loss(x)
        if (value < best) {
          best = value
          moved = true
          break
        }
        x[i] = from
      }
      steps[i]! *= moved ? 1.6 : 0.5
    }
  }
  return x
}
