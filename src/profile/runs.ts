import { basename, dirname, relative } from 'node:path'
import { plainText } from './plain-text.ts'
import { compareSessions } from './session-order.ts'

/** One folder that holds a profile. */
export interface Run {
  path: string
  kind: 'xspace' | 'json'
  files: string[]
}

/** Hosts of one run write into folders named by their own clocks; so many seconds apart they are still one run. */
const neighbourSeconds = 30
const numbered = /(?:rank|proc(?:ess)?|host|worker|node|task)[._-]?\d+$/i

/**
 * The newest of several runs, by name: sessions are named by their time, and files keep no times when they are copied.
 * Folders of one session joined: its ranks', or neighbours in time with other hosts.
 */
export function chooseRun(
  source: string,
  runs: readonly Run[],
  empty: readonly string[],
): { files: string[]; run: string | null; others: string[]; notes: string[] } {
  const sorted = [...runs].sort((a, b) => compareNames(basename(a.path), basename(b.path)) || (a.path < b.path ? -1 : 1))
  const newest = sorted.at(-1) as Run
  const joined = joinNewest(sorted)
  const nameOf = (run: Run): string => relative(source, run.path) || basename(run.path)
  const others = sorted.filter((run) => !joined.includes(run)).reverse()
  const notes: string[] = []
  if (joined.length > 1) {
    const names = joined.map((run) => `${nameOf(run)} (${run.files.map((file) => hostOfFile(file)).join(', ')})`)
    notes.push(`${joined.length} folders hold the hosts of one run and were joined: ${names.reverse().join(', ')}.`)
  }
  if (others.length > 0) {
    const shown = others.slice(0, 5).map(nameOf)
    notes.push(
      `${others.length + 1} runs are in ${source}; the newest by name, ${basename(newest.path)}, was read. Also there: ${shown.join(', ')}${others.length > 5 ? ', …' : ''}.`,
    )
  }
  const newer = empty.filter((name) => compareNames(name, basename(newest.path)) > 0)
  if (newer.length > 0) notes.push(`${newer.join(', ')} holds no profile; ${basename(newest.path)} before it was read.`)
  const files = joined.flatMap((run) => run.files).sort()
  return { files, run: basename(newest.path), others: others.map(nameOf), notes }
}

/**
 * Of runs in their order the newest, and those that other hosts of it wrote: in folders of their ranks, or neighbours in time.
 */
export function joinNewest<One extends Run>(sorted: readonly One[]): One[] {
  const newest = sorted.at(-1)
  if (newest === undefined) return []
  const joined = [newest]
  for (const run of sorted.slice(0, -1).reverse())
    if (run.kind === newest.kind && (isRankOf(run, newest) || isNeighbour(run, joined))) joined.push(run)
  return joined
}

/** The host a profile's file is named for. */
export function hostOfFile(file: string): string {
  const name = basename(file).replace(/\.?xplane\.pb(\.gz)?$/, '')
  return plainText(name === '' ? basename(dirname(file)) : name)
}

/**
 * The hosts of a run's files; where two files have one name (folders of ranks), the folder in which they differ stands before it.
 */
export function hostNames(files: readonly string[]): string[] {
  const names = files.map(hostOfFile)
  return files.map((file, index) => {
    const name = names[index] as string
    const twins = files.filter((other, at) => other !== file && names[at] === name)
    if (twins.length === 0) return name
    const parts = file.split('/')
    const apart = parts.find((part, at) => twins.some((twin) => twin.split('/')[at] !== part))
    return apart === undefined ? name : plainText(`${apart}/${name}`)
  })
}

/** By the one order of sessions; names that are no dates by the numbers in them, since files keep no times. */
function compareNames(a: string, b: string): number {
  return compareSessions({ name: a, changedMs: 0 }, { name: b, changedMs: 0 })
}

/** `2026_05_06_04_47_36`, `20260506_044736` and the like, in seconds; null for another name. */
function secondsOf(name: string): number | null {
  const parts = /^(\d{4})[_-]?(\d{2})[_-]?(\d{2})[_T-]?(\d{2})[_:-]?(\d{2})[_:-]?(\d{2})/.exec(name)
  if (!parts) return null
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}

/** The same session in a folder of another rank. */
function isRankOf(run: Run, newest: Run): boolean {
  if (basename(run.path) !== basename(newest.path)) return false
  const [own, theirs] = [run.path.split('/'), newest.path.split('/')]
  if (own.length !== theirs.length) return false
  const differ = own.flatMap((part, index) => (part === theirs[index] ? [] : [part, theirs[index] as string]))
  return differ.length === 2 && differ.every((part) => numbered.test(part))
}

/** A folder beside it, seconds apart, with hosts that are not there yet. */
function isNeighbour(run: Run, joined: readonly Run[]): boolean {
  const time = secondsOf(basename(run.path))
  const hosts = new Set(joined.flatMap((each) => each.files.map(hostOfFile)))
  return (
    time !== null &&
    run.files.every((file) => !hosts.has(hostOfFile(file))) &&
    joined.some((each) => {
      const other = secondsOf(basename(each.path))
      return other !== null && dirname(each.path) === dirname(run.path) && Math.abs(other - time) <= neighbourSeconds
    })
  )
}
