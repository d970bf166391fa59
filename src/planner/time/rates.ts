import type { Dtype } from '../../contract/experiment.ts'
import type { LinkRates } from '../../interconnect/collective-seconds.ts'
import { type CostModel, matmulEfficiency } from '../cost-model.ts'
import { engineLaws } from '../serving/engine-laws.ts'
import type { Workload } from '../workload.ts'
import { dtypeBytes } from '../workload.ts'

/** What one JAX device can do, after efficiencies. Per second. */
export interface Rates extends LinkRates {
  /** FLOP/s of a large matmul in the run's matmul dtype, and in the activation dtype. */
  matmul: number
  plain: number
  /** FLOP/s of the attention kernel. */
  attention: number
  /** Peak FLOP/s in bf16, what MFU is measured against. */
  peak: number
  hbm: number
  host: number
  /** Side of the systolic array. */
  tile: number
  activationBytes: number
  /** Bytes of an element of a weight as a product reads it. */
  weightBytes: number
  /** What the model axis' activations get of the links. */
  activations: LinkRates
}

export function ratesOf(workload: Workload, constants: CostModel): Rates {
  const { chip, run, slice } = workload
  const c = constants.time
  const perDevice = 1 / chip.devices_per_chip
  const peak = chip.bf16_tflops * 1e12 * perDevice
  const plain = peak * matmulEfficiency(constants, slice.chip)
  const links = {
    link: chip.ici_one_way_gbps_per_link * 1e9 * c.ici_efficiency,
    onChip: (chip.intra_chip_gbps ?? chip.ici_one_way_gbps_per_link) * 1e9 * c.ici_efficiency,
    dcn: ((chip.dcn_gbps_per_chip ?? c.dcn_default_gbps_per_chip) / 8) * 1e9 * perDevice * c.dcn_efficiency,
    hop: c.hop_us * 1e-6,
    dcnStart: c.dcn_start_us * 1e-6,
  }
  return {
    ...links,
    matmul: quantizedRate(workload, run.matmul_dtype, plain, c.quantized_efficiency),
    plain,
    // of the peak: a kernel does not share what holds products back
    attention: peak * c.attention_efficiency,
    peak,
    hbm: chip.hbm_gbps * 1e9 * perDevice * c.hbm_efficiency,
    host: c.host_gbps_per_chip * 1e9 * perDevice,
    tile: chip.mxu_side,
    activationBytes: dtypeBytes[run.activation_dtype],
    weightBytes: weightBytes(workload),
    activations: { ...links, link: links.link * c.activation_links, onChip: links.onChip * c.activation_links },
  }
}

/** int8 and fp8 run at the chip's own peak for them; where it has none, the product is as fast as in bf16. */
function quantizedRate(workload: Workload, dtype: Dtype, plain: number, efficiency: number): number {
  const { chip } = workload
  const tflops = dtype === 'int8' ? chip.int8_tflops : dtype === 'fp8' ? chip.fp8_tflops : null
  if (tflops === null || tflops <= chip.bf16_tflops) return plain
  return Math.max(plain, plain * (tflops / chip.bf16_tflops) * efficiency)
}

/** Weights are widened to the activations' type before a product, but for engines that read quantized ones as they are stored. */
function weightBytes(workload: Workload): number {
  const { run } = workload
  const wide = dtypeBytes[run.activation_dtype]
  return engineLaws(workload).readsStoredType ? Math.min(wide, dtypeBytes[run.weight_dtype]) : wide
}
