import type { Hardware } from './core-reading.ts'
import { publishedChip } from './published-chip.ts'
import type { PlaneIndex } from './xspace/space-index.ts'
import { Wire } from './xspace/wire.ts'

/** The chip a core's plane belongs to, within its host; null where the plane does not say. */
export function chipOf(plane: PlaneIndex): number | null {
  const details = plane.stats.get('core_details')
  if (!(details instanceof Uint8Array)) return null
  // CoreDetails.local_chip_id is field 4; a proto3 zero is not written.
  const wire = new Wire(details, 0, details.length, 0)
  let chip = 0
  try {
    while (wire.pos < wire.end) {
      const tag = wire.varint()
      if (tag === 0x20) chip = wire.varint()
      else wire.skip(tag)
    }
  } catch {
    return null
  }
  return chip
}

/** Peaks of a core, as its plane states them; where it states none, as the chip's maker does. */
export function hardwareOf(plane: PlaneIndex): Hardware {
  const positive = (name: string): number | null => {
    const value = plane.stats.get(name)
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : null
  }
  const type = plane.stats.get('device_type_string')
  const known = typeof type === 'string' ? publishedChip(type) : null
  const cores = known?.cores_per_chip ?? 1
  const ofCore = (chip: number | null | undefined): number | null => (chip == null ? null : chip / cores)
  const stated = positive('peak_teraflops_per_second')
  const faster = (tflops: number | null | undefined): number | null =>
    known && tflops != null ? Math.max(1, tflops / known.bf16_tflops) : null
  return {
    peakTflops: stated ?? ofCore(known?.bf16_tflops),
    peakHbmGbps: positive('peak_hbm_bw_gigabytes_per_second') ?? ofCore(known?.hbm_gbps),
    peakVmemReadGbps: positive('peak_vmem_rd_bw_gigabytes_per_second'),
    peakVmemWriteGbps: positive('peak_vmem_wr_bw_gigabytes_per_second'),
    peakCmemReadGbps: positive('peak_cmem_rd_bw_gigabytes_per_second'),
    peakCmemWriteGbps: positive('peak_cmem_wr_bw_gigabytes_per_second'),
    megacore: plane.stats.get('has_megacore') === 1,
    int8: faster(known?.int8_tflops),
    fp8: faster(known?.fp8_tflops),
    fromKnowledge: stated === null && known !== null,
  }
}
