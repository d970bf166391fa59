import { readFileSync } from 'node:fs'
import { axes } from '../../src/contract/mesh.ts'
import { clockOf, deviceSpeedOf, interconnectOf } from '../../src/hlo/interconnect-of.ts'
import { type Replay, replaySchedule } from '../../src/hlo/replay.ts'
import type { HloModule } from '../../src/hlo/types.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { wrapOf } from '../../src/knowledge/data/topologies.ts'
import { devicePositions, physicalPlacement } from '../../src/planner/physical-mesh.ts'
import { toTuple } from '../../src/planner/placement.ts'
import type { Slice } from '../../src/planner/workload.ts'
import type { CompiledResult } from './compiled-modules.ts'

interface Matmul {
  flops: number
  estimated_cycles: number
}

const clocks: Record<string, Matmul> = JSON.parse(readFileSync(new URL('../compiler/clocks.json', import.meta.url), 'utf8'))
const costModel: { time: Record<string, { value: number }> } = JSON.parse(
  readFileSync(new URL('../../knowledge/cost-model.json', import.meta.url), 'utf8'),
)

/** Replays a compiled case on the slice it was compiled for, with the clock of this compiler's own matmul. */
export function replayResult(result: CompiledResult, module: HloModule): Replay {
  const chip = findChip(result.chip)
  const slice = sliceOf(result)
  const tuple = toTuple(result.request.mesh)
  const placement = physicalPlacement(tuple, slice)
  const positions = devicePositions(tuple, slice)
  const placed = placement.axes.flatMap((axis, i) => (axis === null ? [] : [{ name: axes[i]!, ...axis }]))
  const network = {
    intra_chip_gbps: constant('intra_chip_gbps'),
    hop_us: constant('hop_us'),
    dcn_default_gbps_per_chip: constant('dcn_default_gbps_per_chip'),
    host_gbps_per_chip: constant('host_gbps_per_chip'),
  }
  const matmul = clocks[result.chip]
  const device = deviceSpeedOf(chip, network, matmul ? clockOf(matmul, chip) : chip.clock_ghz)
  if (device === null) throw new Error(`no clock for ${result.chip}`)
  const net = interconnectOf(chip, network, { axes: placed, positions, dims: slice.dims, wrap: slice.wrap })
  return replaySchedule(module, { device, net })
}

function sliceOf(result: CompiledResult): Slice {
  const chip = findChip(result.chip)
  const dims = (result.request.target.platform_topology.split(':')[1] ?? '').split('x').map(Number)
  const own = dims.slice(0, chip.torus_dims)
  const wrap = (result.request.target.wrap ?? wrapOf(chip, own)).slice(0, chip.torus_dims)
  const chips = own.reduce((product, dim) => product * dim, 1)
  const devicesPerChip = chip.devices_per_chip
  return {
    chip: result.chip,
    name: null,
    dims: own,
    wrap,
    chips,
    hosts: Math.ceil(chips / 4),
    devicesPerChip,
    devices: chips * devicesPerChip,
  }
}

function constant(name: string): number {
  const value = costModel.time[name]?.value
  if (value === undefined) throw new Error(`knowledge/cost-model.json has no ${name}`)
  return value
}
