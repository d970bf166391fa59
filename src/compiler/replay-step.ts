import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { axes, type Mesh } from '../contract/mesh.ts'
import { deviceSpeedOf, interconnectOf } from '../hlo/interconnect-of.ts'
import { readHloModule } from '../hlo/read-module.ts'
import { type Replay, replaySchedule } from '../hlo/replay.ts'
import type { HloModule } from '../hlo/types.ts'
import { type CostModel, costModel } from '../planner/cost-model.ts'
import { devicePositions, physicalPlacement } from '../planner/physical-mesh.ts'
import { toTuple } from '../planner/placement.ts'
import type { Chip, Slice, Workload } from '../planner/workload.ts'

const maxModuleBytes = 1 << 30

/** What a module was compiled for; `clockGhz` in place of the chip's own. */
export interface ReplayTarget {
  chip: Chip
  slice: Slice
  mesh: Mesh
  clockGhz?: number
}

/** Replays a module on the slice and mesh it was compiled for; null where the chip's clock is not known. */
export function replayOnSlice(module: HloModule, target: ReplayTarget, constants: CostModel = costModel): Replay | null {
  const { chip, slice, mesh } = target
  const tuple = toTuple(mesh)
  const placed = physicalPlacement(tuple, slice).axes.flatMap((axis, i) => (axis === null ? [] : [{ name: axes[i]!, ...axis }]))
  const positions = devicePositions(tuple, slice)
  const network = { ...constants.time, intra_chip_gbps: chip.intra_chip_gbps ?? constants.time.intra_chip_gbps }
  const device = deviceSpeedOf(chip, network, target.clockGhz)
  if (device === null) return null
  return replaySchedule(module, {
    device,
    net: interconnectOf(chip, network, { axes: placed, positions, dims: slice.dims, wrap: slice.wrap }),
  })
}

/** The replayed step of a gzipped module that was compiled at full effort, milliseconds; null where the chip's clock is not known. */
export async function replayStep(hloPath: string, workload: Workload, candidate: { mesh: Mesh }): Promise<number | null> {
  const bytes = gunzipSync(await readFile(hloPath), { maxOutputLength: maxModuleBytes })
  const replay = replayOnSlice(readHloModule(bytes), { chip: workload.chip, slice: workload.slice, mesh: candidate.mesh })
  return replay === null ? null : Math.round(replay.stepTimeMs * 100) / 100
}
