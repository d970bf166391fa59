import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ProfileReport } from '../../src/contract/profile-report.ts'
import { storeSource } from '../../src/experiment/sources/store-source.ts'
import { gcsStore } from '../../src/experiment/sources/stores/gcs-store.ts'
import { startGcsServer } from './gcs-server.ts'
import { findPython, projectRoot, sharedData } from './needs.ts'

/** What a case of `profiles2/cases.json` says must come out; shares of the steps. */
interface Expected {
  class?: string
  class_must_not_be?: string
  step_time_ms?: number
  step_time_ms_typical?: number
  step_time_ms_max?: number
  steps?: number
  hosts?: number
  devices?: number
  idle_share_in_steps?: number
  idle_share_overall?: number
  communication_share?: number
  exposed_share?: number
  dcn_share?: number
  barrier_share?: number
  opaque_share?: number
  host_copy_share?: number
  host_transfer_share?: number
  mfu_in_steps?: number
  source?: string
  collective?: string
  straggler?: string
  ms_of_a_step?: Record<string, number>
  idle_share_by_host?: Record<string, number>
  wait_in_collective_ms?: Record<string, number>
  result?: string
}

export interface ProfileCase {
  id: string
  path?: string
  kind?: string
  give?: string
  expected: Expected
}

export const caseFolder = join(sharedData, 'profiles2')

export function profileCases(): ProfileCase[] {
  return (JSON.parse(readFileSync(join(caseFolder, 'cases.json'), 'utf8')) as { cases: ProfileCase[] }).cases
}

/** What a report misses of what is expected, in words; empty when it has all. */
export function missesOf({ expected }: ProfileCase, report: ProfileReport, leaveOut: ReadonlySet<string> = new Set()): string[] {
  const misses: string[] = []
  const { kpis } = report
  const part = (name: string): number => report.categories.find((each) => each.name === name)?.share ?? 0
  const near = (key: keyof Expected, ours: number | null | undefined, within = 0.01): void => {
    const wanted = expected[key]
    if (typeof wanted !== 'number' || leaveOut.has(key)) return
    if (ours == null || Math.abs(ours - wanted) > within * Math.abs(wanted) + 0.002) misses.push(`${key} ${ours}, not ${wanted}`)
  }
  const same = (key: keyof Expected, ok: boolean, ours: unknown): void => {
    if (expected[key] !== undefined && !leaveOut.has(key) && !ok) misses.push(`${key} ${String(ours)}, not ${String(expected[key])}`)
  }
  same('class', report.bottleneck.class === expected.class, report.bottleneck.class)
  same('class_must_not_be', report.bottleneck.class !== expected.class_must_not_be, report.bottleneck.class)
  near('step_time_ms', kpis.step_time_ms)
  near('step_time_ms_typical', kpis.step_time_ms)
  near('step_time_ms_max', report.steps?.max_ms)
  near('steps', report.steps?.count, 0)
  near('hosts', report.device.hosts, 0)
  near('devices', report.device.devices, 0)
  near('idle_share_in_steps', part('idle'))
  near('idle_share_overall', part('idle'))
  near('communication_share', kpis.communication_share)
  near('exposed_share', kpis.exposed_communication_share)
  near('dcn_share', part('collective_dcn'))
  near('barrier_share', part('barrier'))
  near('opaque_share', part('kernel'))
  near('host_copy_share', part('host_copy'))
  near('host_transfer_share', part('host_copy'))
  near('mfu_in_steps', kpis.mfu)
  same('source', report.top_ops[0]?.source === expected.source, report.top_ops[0]?.source)
  same(
    'collective',
    report.collectives.some((each) => each.kind === expected.collective),
    report.collectives.map((each) => each.kind),
  )
  same('straggler', report.skew[0]?.device === expected.straggler, report.skew[0]?.device)
  for (const [name, ms] of Object.entries(leaveOut.has('ms_of_a_step') ? {} : (expected.ms_of_a_step ?? {}))) {
    const ours = (report.top_ops.find((op) => op.name === name)?.share ?? 0) * (kpis.step_time_ms ?? 0)
    if (Math.abs(ours - ms) > ms * 0.01) misses.push(`${name} ${ours} ms of a step, not ${ms}`)
  }
  for (const row of report.hosts) {
    const idle = expected.idle_share_by_host?.[row.host]
    const wait = expected.wait_in_collective_ms?.[row.host]
    if (idle !== undefined && Math.abs((row.idle_share ?? -1) - idle) > 0.005)
      misses.push(`${row.host} idle ${row.idle_share}, not ${idle}`)
    if (wait !== undefined && Math.abs((row.collective_wait_share ?? -1) * (row.step_time_ms ?? 0) - wait) > 0.5)
      misses.push(`${row.host} waits ${row.collective_wait_share}, not ${wait} ms`)
  }
  return misses
}

/** The case's files as another road brings them: each compressed, in the same folders. */
export function compressed(path: string, target: string): string {
  for (const file of filesBelow(path)) {
    const to = join(target, relative(path, file))
    mkdirSync(dirname(to), { recursive: true })
    writeFileSync(file.endsWith('.gz') ? to : `${to}.gz`, file.endsWith('.gz') ? readFileSync(file) : gzipSync(readFileSync(file)))
  }
  return target
}

/**
 * What XProf's server replies for each run folder, saved in a folder each. It writes its caches beside what it reads: that is a
 * copy.
 */
export function savedReplies(runs: readonly (readonly [run: string, out: string])[]): void {
  const python = findPython('xprof') ?? 'python3'
  const copies = runs.flatMap(([run, out]) => {
    cpSync(run, `${out}.run`, { recursive: true })
    return [`${out}.run`, out]
  })
  const answer = spawnSync(python, [join(projectRoot, 'test/support/xprof-replies.py'), ...copies], {
    timeout: 280_000,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (answer.status !== 0) throw new Error(`XProf's replies were not made: ${answer.stderr.slice(-500)}`)
}

/** The run folder of a case that has one alone. */
export function runFolderOf(path: string): string | null {
  const folders = new Set(filesBelow(path).map((file) => dirname(file)))
  const [only] = folders
  return folders.size === 1 && only !== undefined ? only : null
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /xplane\.pb(\.gz)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
}

/** What a server's replies cannot tell, by case, and why. */
export const repliesCannot: Record<string, { leaveOut: string[]; why: string }> = {
  'barrier-wait': {
    leaveOut: ['barrier_share', 'class_must_not_be', 'communication_share'],
    why: 'no timeline: a barrier is idle time to them',
  },
  'gap-between-markers': { leaveOut: ['step_time_ms'], why: 'they give the markers’ lengths, not when they start' },
  'one-host-without-device': { leaveOut: ['hosts'], why: 'hosts without devices are not counted' },
}

/**
 * The cases' folders as runs of a bucket, on a real server of that protocol: `open` fetches a run's profile as a diagnosis does
 * and says where it lies.
 */
export async function bucketOf(
  cases: readonly ProfileCase[],
  root: string,
): Promise<{ open(id: string): Promise<string>; stop(): Promise<void> }> {
  for (const each of cases) cpSync(join(caseFolder, each.path as string), join(root, 'data/profiles/runs', each.id), { recursive: true })
  const server = await startGcsServer(root)
  const store = gcsStore({ address: 'gs://profiles/runs', endpoint: server.endpoint })
  const source = storeSource({ store, cacheRoot: join(root, 'cache'), index: null })
  const signal = new AbortController().signal
  return {
    async open(id) {
      const profile = (await source.find(id, signal))?.profile
      if (!profile) throw new Error(`the bucket's run ${id} has no profile`)
      return profile.open(signal)
    },
    stop: () => server.stop(),
  }
}
