/** Figures as engineers read them: three significant digits, a unit, never a false zero. `–` is unknown. */

/** `28.9 s`, `120 ms`, `1.25 ms`. */
export function formatMs(ms: number | null): string {
  if (ms === null) return '–'
  return ms >= 1000 ? `${significant(ms / 1000)} s` : `${significant(ms)} ms`
}

/** `86.5%` of a fraction of 1. */
export function formatShare(share: number | null): string {
  return share === null ? '–' : `${significant(share * 100)}%`
}

/** `+12%`, `−22%`: how a ratio differs from 1. */
export function formatChange(ratio: number): string {
  const percent = Math.round((ratio - 1) * 100)
  return percent === 0 ? '±0%' : `${percent > 0 ? '+' : '−'}${Math.abs(percent)}%`
}

/** `78.1` GiB without the unit, for `78.1 of 95.7 GiB`. */
export function formatGibNumber(gib: number | null): string {
  return gib === null ? '–' : significant(gib)
}

export function formatGib(gib: number | null): string {
  return gib === null ? '–' : `${significant(gib)} GiB`
}

/** `$1,673`, `$12.40`, `$0.0312`. */
export function formatUsd(usd: number | null): string {
  if (usd === null) return '–'
  return usd >= 100 ? `$${Math.round(usd).toLocaleString('en-US')}` : usd >= 1 ? `$${usd.toFixed(2)}` : `$${significant(usd)}`
}

/** Three significant digits without an exponent; thousands separated. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? rounded.toLocaleString('en-US') : String(rounded)
}

/** `1.5 GB`, `3.2 MB` of 10^3. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '–'
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${significant(value)} ${units[unit]}`
}
