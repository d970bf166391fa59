import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Compiler } from '../compiler/compiler.ts'
import { replayOnSlice } from '../compiler/study-module.ts'
import { namePlaced, type Placed } from '../contract/placed.ts'
import { readHloModule } from '../hlo/read-module.ts'
import { verdictOfMesh } from '../planner/verdict-of.ts'
import type { Workload } from '../planner/workload.ts'
import type { KnownMaxText, KnownVerdict } from './known-maxtext.ts'
import { maxtextSettings } from './maxtext-settings.ts'
import type { MaxTextWorker } from './maxtext-worker.ts'
import type { ReplayedStep, TruthRow } from './truth-row.ts'

/** What compiles: MaxText in a worker, the reference program through the compiler; either may be missing. */
export interface Programs {
  maxtext: MaxTextWorker | null
  compiler: Compiler | null
  /** What another campaign compiled already. */
  known: KnownMaxText
  knownReference: (workload: Workload) => (Placed & KnownVerdict)[]
  /** Where modules and logs go. */
  folder: string
}

type CompiledMesh = Pick<TruthRow, 'settings' | 'versions' | 'status' | 'required_gib' | 'available_gib' | 'message' | 'seconds' | 'replay'>

const refused: Omit<CompiledMesh, 'versions'> = {
  settings: null,
  status: 'error',
  required_gib: null,
  available_gib: null,
  message: "this mesh cannot be said in MaxText's settings",
  seconds: 0,
  replay: null,
}
const maxModuleBytes = 1 << 30

/** The compiler's word on one mesh of a job, by the program that the regime names; null where that program is not installed. */
export async function compileMesh(
  programs: Programs,
  subject: { id: string; program: TruthRow['program']; workload: Workload; placed: Placed },
  signal: AbortSignal,
): Promise<CompiledMesh | null> {
  return subject.program === 'maxtext' ? byMaxText(programs, subject) : byReference(programs, subject, signal)
}

async function byMaxText(
  { maxtext, known, folder }: Programs,
  { id, workload, placed }: { id: string; workload: Workload; placed: Placed },
): Promise<CompiledMesh | null> {
  const settings = maxtextSettings(workload, placed)
  const before = settings === null ? null : known(settings, maxtext?.versions ?? null)
  if (before !== null)
    return {
      settings,
      ...before.answer,
      replay: before.module === null ? null : replayOf(before.module, workload, { placed, program: 'maxtext' }),
    }
  if (maxtext === null) return null
  if (settings === null) return { ...refused, versions: maxtext.versions }
  const file = join(folder, `${id}.${namePlaced(placed).replaceAll(/[^\w=]+/g, '-')}`)
  const module = `${file}.hlo.pb.gz`
  const answer = await maxtext.compile({ id, settings, module, log: `${file}.log` })
  return {
    settings,
    versions: answer.versions,
    status: answer.status,
    required_gib: answer.required_gib ?? null,
    available_gib: answer.available_gib ?? workload.chip.hbm_available_gib_per_device,
    message: answer.message ?? null,
    seconds: answer.seconds,
    replay: answer.status === 'fits' && existsSync(module) ? replayOf(module, workload, { placed, program: 'maxtext' }) : null,
  }
}

async function byReference(
  { compiler }: Programs,
  { workload, placed }: { workload: Workload; placed: Placed },
  signal: AbortSignal,
): Promise<CompiledMesh | null> {
  if (compiler === null) return null
  const { physical } = verdictOfMesh(workload, placed.mesh, placed.dcn)
  const { verdict, hloPath } = await compiler.compile(workload, { ...placed, changes: {}, physical }, { full: true, signal })
  return {
    settings: null,
    versions: verdict.versions,
    status: verdict.status,
    required_gib: verdict.required_gib,
    available_gib: verdict.available_gib,
    message: verdict.message,
    seconds: round(verdict.seconds),
    replay: hloPath === null || verdict.status !== 'fits' ? null : replayOf(hloPath, workload, { placed, program: 'reference' }),
  }
}

/** The step that a compiled module's schedule takes; null where the chip's clock is not known. @throws PromptsError `bad_hlo`. */
export function replayOf(
  path: string,
  { chip, slice }: Workload,
  { placed: { mesh }, program }: { placed: Placed; program: TruthRow['program'] },
): ReplayedStep | null {
  const module = readHloModule(gunzipSync(readFileSync(path), { maxOutputLength: maxModuleBytes }))
  const replay = replayOnSlice(module, { chip, slice, mesh, balancedContext: program === 'maxtext' })
  if (replay === null) return null
  return {
    step_time_ms: round(replay.stepTimeMs),
    compute_ms: round(replay.computeMs),
    hbm_ms: round(replay.hbmMs),
    exposed_communication_ms: round(replay.exposedCommunicationMs),
    host_ms: round(replay.hostMs),
    notes: replay.notes.slice(0, 8),
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
