import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { type Mesh, namedAxes } from '../contract/mesh.ts'
import type { AntiPattern } from '../contract/profile-report.ts'
import type { Effort } from '../contract/verdict.ts'
import { findAntiPatterns, replayTimes } from '../hlo/anti-patterns/find.ts'
import { deviceSpeedOf, interconnectOf } from '../hlo/interconnect-of.ts'
import { readHloModule } from '../hlo/read-module.ts'
import { type Replay, replaySchedule } from '../hlo/replay.ts'
import { type AxisTraffic, trafficByAxis } from '../hlo/traffic-by-axis.ts'
import type { HloModule } from '../hlo/types.ts'
import { toTuple } from '../interconnect/mesh-tuple.ts'
import type { Slice } from '../interconnect/slice.ts'
import { type CostModel, costModel } from '../planner/cost-model.ts'
import type { Chip, Workload } from '../planner/workload.ts'

const maxModuleBytes = 1 << 30

/** What a module was compiled for; `clockGhz` in place of the chip's own, `balancedContext` of a MaxText program. */
export interface ReplayTarget {
  chip: Chip
  slice: Slice
  mesh: Mesh
  clockGhz?: number
  balancedContext?: boolean
}

/** Replays a module on the slice and mesh it was compiled for; null where the chip's clock is not known. */
export function replayOnSlice(module: HloModule, target: ReplayTarget, constants: CostModel = costModel): Replay | null {
  const { chip, slice, mesh, balancedContext = false } = target
  const speed = deviceSpeedOf(chip, constants.time, target.clockGhz)
  if (speed === null) return null
  const device = { ...speed, balancedContext }
  return replaySchedule(module, { device, net: interconnectOf(chip, constants.time, { slice, tuple: toTuple(mesh) }) })
}

/** What a compiled module tells beside its memory. */
export interface ModuleStudy {
  /** The replayed step; null at fast effort, whose schedule differs too much, and where the chip's clock is not known. */
  stepTimeMs: number | null
  exposedCommunicationMs: number | null
  collectives: AxisTraffic[]
  /** With shares of the replayed step at full effort, without at fast. */
  antiPatterns: AntiPattern[]
}

/**
 * Reads a gzipped scheduled module that was compiled for a workload on one mesh.
 * @throws PromptsError `bad_hlo` when the file is no module.
 */
export async function studyModule(hloPath: string, workload: Workload, candidate: { mesh: Mesh }, effort: Effort): Promise<ModuleStudy> {
  const module = readHloModule(gunzipSync(await readFile(hloPath), { maxOutputLength: maxModuleBytes }))
  const { chip, slice } = workload
  const { mesh } = candidate
  const named = namedAxes(mesh)
  const replay = effort === 'full' ? replayOnSlice(module, { chip, slice, mesh }) : null
  return {
    stepTimeMs: replay && Math.round(replay.stepTimeMs * 100) / 100,
    exposedCommunicationMs: replay && Math.round(replay.exposedCommunicationMs * 100) / 100,
    collectives: trafficByAxis(module, named),
    antiPatterns: findAntiPatterns(module, { mesh: named, mxuSide: chip.mxu_side, ...(replay ? replayTimes(replay) : {}) }),
  }
}
