import { namePlaced } from '../contract/placed.ts'
import type { Workload } from '../planner/workload.ts'
import { adviseOn } from './advice.ts'
import { compileMesh, type Programs, replayOf } from './compile-mesh.ts'
import { workloadOf } from './read-regimes.ts'
import type { Regime } from './regime.ts'
import { tableMeshes, type WantedMesh } from './table-meshes.ts'
import { appendTruth, readTruth, truthKey } from './truth-file.ts'
import { jobOf, type TruthRow } from './truth-row.ts'

export interface RecordOptions {
  regimes: readonly Regime[]
  path: string
  programs: Programs
  clock: () => number
  now: () => string
  note: (text: string) => void
  signal: AbortSignal
  /** No compilation begins after this time of the clock. */
  untilMs: number
  /** Whether a recorded row is compiled again: for a sample that is to give the same verdict. */
  again?: boolean
}

interface Pending {
  regime: Regime
  workload: Workload
  job: string
  wanted: WantedMesh
  place: number
}

/** What a compilation that has not run yet is taken to last. */
const usualSeconds = 75
/** Programs whose compilations last about as long go in turns. */
const secondsApart = 100

/**
 * Compiles what the tables of the regimes still lack, one mesh at a time, and appends each verdict: it may be stopped at any time
 * and goes on where it was. The most telling meshes go first, of these the programs that compile fastest. Returns how many rows
 * it added.
 */
export async function recordTruth(options: RecordOptions): Promise<number> {
  const { path, programs, note, signal, now, clock, untilMs } = options
  const recorded = readTruth(path)
  const done = new Set(options.again ? [] : recorded.map(truthKey))
  const seconds = secondsByRegime(recorded)
  let added = 0
  for (const row of options.again ? [] : knownRows(options)) {
    if (done.has(truthKey(row))) continue
    appendTruth(path, row)
    done.add(truthKey(row))
    added++
  }
  const pending = pendingOf(options).filter((one) => !done.has(keyOf(one)))
  note(`${added} rows taken over, ${pending.length} meshes to compile`)
  while (pending.length > 0 && !signal.aborted && clock() < untilMs) {
    const next = takeNext(pending, seconds)
    const { regime, workload, job, wanted } = next
    const compiled = await compileMesh(programs, { id: regime.id, program: regime.program, workload, placed: wanted }, signal)
    if (compiled === null || signal.aborted) continue
    const { mesh, dcn, role } = wanted
    const row: TruthRow = { regime: regime.id, job, mesh, dcn, role, program: regime.program, ...compiled, at: now() }
    appendTruth(path, row)
    added++
    if (row.status === 'fits') (seconds.get(regime.id) ?? seconds.set(regime.id, []).get(regime.id))?.push(row.seconds)
    note(`${regime.id} ${namePlaced(wanted)} (${role}): ${saidOf(row)}; ${pending.length} left`)
  }
  return added
}

/** What was compiled of the regimes' jobs before, replayed as the replay is now. */
function knownRows({ regimes, programs, now }: RecordOptions): TruthRow[] {
  return regimes.flatMap((regime) => {
    if (regime.program !== 'reference') return []
    const workload = workloadOf(regime)
    return programs.knownReference(workload).map(({ mesh, dcn, answer, module }) => ({
      regime: regime.id,
      job: jobOf(regime),
      mesh,
      dcn,
      role: 'recorded' as const,
      program: regime.program,
      settings: null,
      ...answer,
      replay: module === null ? null : replayOf(module, workload, { placed: { mesh, dcn }, program: regime.program }),
      at: now(),
    }))
  })
}

function pendingOf({ regimes, clock, note }: RecordOptions): Pending[] {
  return regimes.flatMap((regime) => {
    const workload = workloadOf(regime)
    const advice = adviseOn(workload, clock)
    if (advice.ranked.length === 0) note(`${regime.id}: no mesh is legal`)
    const job = jobOf(regime)
    return tableMeshes(regime, workload, advice).map((wanted, place) => ({ regime, workload, job, wanted, place }))
  })
}

function keyOf({ regime, job, wanted }: Pending): string {
  return truthKey({ regime: regime.id, job, mesh: wanted.mesh, dcn: wanted.dcn })
}

function secondsByRegime(rows: readonly TruthRow[]): Map<string, number[]> {
  const seconds = new Map<string, number[]>()
  for (const row of rows) if (row.status === 'fits') seconds.set(row.regime, [...(seconds.get(row.regime) ?? []), row.seconds])
  return seconds
}

function takeNext(pending: Pending[], seconds: ReadonlyMap<string, number[]>): Pending {
  const costOf = ({ regime }: Pending) => {
    const known = seconds.get(regime.id)
    const mean = known ? known.reduce((sum, one) => sum + one, 0) / known.length : regime.program === 'reference' ? 0 : usualSeconds
    return Math.floor(mean / secondsApart)
  }
  const before = (a: Pending, b: Pending) => a.wanted.wave - b.wanted.wave || costOf(a) - costOf(b) || a.place - b.place
  const best = pending.reduce((first, one) => (before(one, first) < 0 ? one : first))
  pending.splice(pending.indexOf(best), 1)
  return best
}

function saidOf({ status, required_gib, replay, message, seconds }: TruthRow): string {
  const size = required_gib === null ? '' : `, ${required_gib.toFixed(1)} GiB`
  const step = replay === null ? '' : `, ${(replay.step_time_ms / 1000).toFixed(2)} s per step`
  const why = status === 'error' || status === 'unknown' || status === 'vmem' ? `, ${message}` : ''
  return `${status}${size}${step}${why} (${Math.round(seconds)} s)`
}
