import { type Axis, axes } from '../contract/mesh.ts'
import { type MeshTuple, perAxis } from '../interconnect/mesh-tuple.ts'
import { devicePositions, physicalPlacement, placementTogether } from '../interconnect/physical-mesh.ts'
import type { Slice } from '../interconnect/slice.ts'
import type { Interconnect } from './interconnect.ts'
import type { DeviceSpeed } from './op-time.ts'

/** A chip's figures, per chip, as `knowledge/chips.json` has them. */
export interface ChipFigures {
  bf16_tflops: number
  hbm_gbps: number
  ici_one_way_gbps_per_link: number
  intra_chip_gbps: number | null
  devices_per_chip: 1 | 2
  dcn_gbps_per_chip: number | null
  mxu_side: number
  clock_ghz: number | null
}

/** Figures that are not a chip's: they stand with their sources in `knowledge/cost-model.json`. */
export interface NetworkFigures {
  hop_us: number
  dcn_start_us: number
  dcn_default_gbps_per_chip: number
  host_gbps_per_chip: number
}

/** A mesh on the slice that a module was compiled for. */
export interface PlacedMesh {
  slice: Slice
  tuple: MeshTuple
}

/** The replay's view of the links under a placed mesh. DCN figures are Gbit/s a chip in both files. */
export function interconnectOf(chip: ChipFigures, network: NetworkFigures, { slice, tuple }: PlacedMesh): Interconnect {
  const placement = physicalPlacement(tuple, slice)
  const positions = devicePositions(tuple, slice)
  const placed = perAxis((name, place) => {
    const at = placement.axes[place]
    return at === null ? [] : [{ name, size: at.size, placement: at }]
  })
  const dcnGbits = chip.dcn_gbps_per_chip ?? network.dcn_default_gbps_per_chip
  return {
    axes: placed.flat(),
    over: (names) => placementTogether(placement, tuple, names.filter(isAxis), slice),
    rates: {
      link: chip.ici_one_way_gbps_per_link * 1e9,
      onChip: (chip.intra_chip_gbps ?? chip.ici_one_way_gbps_per_link) * 1e9,
      dcn: (dcnGbits / 8 / chip.devices_per_chip) * 1e9,
      hop: network.hop_us * 1e-6,
      dcnStart: network.dcn_start_us * 1e-6,
    },
    devicesPerChip: chip.devices_per_chip,
    torus: positions && { positions, dims: slice.dims, wrap: slice.wrap },
  }
}

function isAxis(name: string): name is Axis {
  return axes.some((axis) => axis === name)
}

/** One JAX device's speeds; a chip with two devices gives each half. Null where the clock is not known. */
export function deviceSpeedOf(chip: ChipFigures, network: NetworkFigures, clockGhz: number | null = chip.clock_ghz): DeviceSpeed | null {
  if (clockGhz === null) return null
  return {
    clockGhz,
    peakTflops: chip.bf16_tflops / chip.devices_per_chip,
    hbmGbps: chip.hbm_gbps / chip.devices_per_chip,
    mxuSide: chip.mxu_side,
    hostGbps: network.host_gbps_per_chip / chip.devices_per_chip,
  }
}

/** The clock that a matmul compiled for one device implies: its cycles over the time it takes at peak. */
export function clockOf(matmul: { flops: number; estimated_cycles: number }, chip: ChipFigures): number {
  const seconds = matmul.flops / ((chip.bf16_tflops / chip.devices_per_chip) * 1e12)
  return matmul.estimated_cycles / seconds / 1e9
}
