/** `2026_11_25_12_00_00` as JAX and XProf name a session, `20261125_120000_123456` as ML Diagnostics does. */
const dated = /^(\d{4})[_-]?(\d{2})[_-]?(\d{2})[_-]?(\d{2})[_-]?(\d{2})[_-]?(\d{2})(?:[_-]?(\d+))?$/

/** A profile session: its name (its folder's) and when its files were last written, in milliseconds. */
export interface SessionName {
  name: string
  changedMs: number
}

/**
 * Orders sessions oldest first. Names are dates and outlive copying; times of files do not (rsync, git and buckets set them
 * anew), so they decide only between names that are no dates. Where some are dates, those are the newer ones.
 */
export function compareSessions(a: SessionName, b: SessionName): number {
  const [dateA, dateB] = [dateOf(a.name), dateOf(b.name)]
  if (dateA !== null && dateB !== null) return dateA < dateB ? -1 : dateA > dateB ? 1 : 0
  if ((dateA === null) !== (dateB === null)) return dateA === null ? -1 : 1
  return a.changedMs - b.changedMs || a.name.localeCompare(b.name, 'en', { numeric: true })
}

function dateOf(name: string): string | null {
  const match = dated.exec(name)
  if (!match) return null
  const [, year, month, day, hour, minute, second, fraction = ''] = match
  return `${year}${month}${day}${hour}${minute}${second}.${fraction.padEnd(9, '0')}`
}
