import { readFileSync } from 'node:fs'
import { replayOnSlice } from '../../src/compiler/study-module.ts'
import { clockOf } from '../../src/hlo/interconnect-of.ts'
import type { Replay } from '../../src/hlo/replay.ts'
import type { HloModule } from '../../src/hlo/types.ts'
import type { Slice } from '../../src/interconnect/slice.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { wrapOf } from '../../src/knowledge/data/topologies.ts'
import type { CompiledResult } from './compiled-modules.ts'

const clocks: Record<string, { flops: number; estimated_cycles: number }> = JSON.parse(
  readFileSync(new URL('../recorded/compiler-clocks.json', import.meta.url), 'utf8'),
)

/** Replays a compiled case on the slice it was compiled for, with the clock of this compiler's own matmul. */
export function replayResult(result: CompiledResult, module: HloModule): Replay {
  const chip = findChip(result.chip)
  const matmul = clocks[result.chip]
  const clockGhz = matmul && clockOf(matmul, chip)
  const replay = replayOnSlice(module, { chip, slice: sliceOf(result), mesh: result.request.mesh, ...(clockGhz ? { clockGhz } : {}) })
  if (replay === null) throw new Error(`no clock for ${result.chip}`)
  return replay
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
