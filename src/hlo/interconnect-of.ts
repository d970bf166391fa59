import type { Interconnect, LinkAxis } from './interconnect.ts'
import type { DeviceSpeed } from './op-time.ts'

/** A chip's figures, per chip, as `knowledge/chips.json` has them. */
export interface ChipFigures {
  bf16_tflops: number
  hbm_gbps: number
  ici_one_way_gbps_per_link: number
  devices_per_chip: number
  dcn_gbps_per_chip: number | null
  mxu_side: number
  clock_ghz: number | null
}

/** Figures that are not a chip's: they stand with their sources in `knowledge/cost-model.json`. */
export interface NetworkFigures {
  intra_chip_gbps: number
  hop_us: number
  dcn_default_gbps_per_chip: number
  host_gbps_per_chip: number
}

/** Where a mesh lies on a slice: one entry for each axis longer than 1, in mesh order. */
export interface PlacedAxes {
  axes: readonly { name: string; size: number; links: number; hops: number; parts: readonly { size: number; ring: boolean }[] }[]
  positions: readonly (readonly number[])[] | null
  dims: readonly number[]
  wrap: readonly boolean[]
}

/** Half a millisecond: setting up one transfer over the data-center network, as order of magnitude. */
const dcnUs = 500

/** The replay's view of the links under a placed mesh. DCN figures are Gbit/s a chip in both files. */
export function interconnectOf(chip: ChipFigures, network: NetworkFigures, placed: PlacedAxes): Interconnect {
  const axes: LinkAxis[] = placed.axes.map(({ name, size, links, hops, parts }) => ({ name, size, links, hops, parts }))
  const dcnGbits = chip.dcn_gbps_per_chip ?? network.dcn_default_gbps_per_chip
  return {
    axes,
    linkGbps: chip.ici_one_way_gbps_per_link,
    onChipGbps: chip.devices_per_chip > 1 ? network.intra_chip_gbps : null,
    hopUs: network.hop_us,
    dcnGbps: dcnGbits / 8 / chip.devices_per_chip,
    dcnUs,
    torus: placed.positions === null ? null : { positions: placed.positions, dims: placed.dims, wrap: placed.wrap },
  }
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
