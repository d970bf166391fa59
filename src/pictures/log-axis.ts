import { type ScaleLogarithmic, scaleLog } from 'd3-scale'

export type LogScale = ScaleLogarithmic<number, number>

const superscripts: readonly string[] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹']

/**
 * A logarithmic scale over positive numbers, its ends moved out by `pad` (a factor) and clamped, so that nothing lies outside the
 * plot.
 */
export function logScale(values: readonly number[], range: [number, number], pad: { below: number; above: number }): LogScale {
  const positive = values.filter((value) => Number.isFinite(value) && value > 0)
  const low = positive.length > 0 ? Math.min(...positive) / pad.below : 1
  const high = positive.length > 0 ? Math.max(...positive) * pad.above : 1000
  return scaleLog().domain([low, high]).range(range).clamp(true)
}

/** Powers of ten, at most `most` of them. */
export function decades(scale: LogScale, most: number): number[] {
  const [low = 1, high = 10] = scale.domain()
  const first = Math.ceil(Math.log10(low) - 1e-9)
  const last = Math.floor(Math.log10(high) + 1e-9)
  const step = Math.max(1, Math.ceil((last - first + 1) / most))
  const ticks: number[] = []
  for (let power = first; power <= last; power += step) ticks.push(10 ** power)
  return ticks
}

/** `0.01`, `1`, `100`, `10k`, `1M`; beyond that `10⁹`. */
export function formatDecade(value: number): string {
  const power = Math.round(Math.log10(value))
  if (power >= -2 && power < 3) return String(10 ** power)
  if (power >= 3 && power < 9) return `${10 ** (power % 3)}${power < 6 ? 'k' : 'M'}`
  const digits = [...String(Math.abs(power))].map((digit) => superscripts[Number(digit)]).join('')
  return `10${power < 0 ? '⁻' : ''}${digits}`
}
