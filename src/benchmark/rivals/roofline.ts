import { axisSize } from '../../contract/mesh.ts'
import type { Placed } from '../../contract/placed.ts'
import { modelFacts } from '../../planner/model/model-facts.ts'
import type { Workload } from '../../planner/workload.ts'

/**
 * Seconds of a step by the plain roofline that a performance engineer writes down first, as in "How to Scale Your Model": FLOPs
 * over the peak, bytes over the HBM bandwidth and bytes over the links' bandwidth, the largest of the three; infinity where
 * weights and optimizer alone do not fit. Nothing of it is fitted to anything.
 */
export function rooflineSeconds(workload: Workload, { mesh, dcn }: Placed): number {
  const { chip, slice, run, model, phase } = workload
  const training = phase === 'train'
  const perDevice = 1 / chip.devices_per_chip
  const size = (axis: Parameters<typeof axisSize>[1]) => axisSize(mesh, axis) * axisSize(dcn, axis)
  const [model_, data, expert, stage, seq] = [size('model'), size('data'), size('expert'), size('stage'), size('seq')]
  const devices = slice.devices * workload.slices
  const { parameters: total, activeParameters: active } = modelFacts(model)
  const batchShards = size('replica') * data * expert
  const tokens = run.global_batch * (phase === 'decode' ? 1 : run.seq_len)
  const held = (total * (training ? 12 : 2)) / (data * model_ * expert * stage)
  if (held > chip.hbm_available_gib_per_device * 2 ** 30) return Number.POSITIVE_INFINITY
  const flops = ((training ? 6 : 2) * active * tokens) / devices
  const weightBytes = ((training ? 3 : 1) * 2 * total) / (model_ * expert * stage)
  const gathered = data > 1 ? ((training ? 3 : 1) * 2 * total * (1 - 1 / data)) / (model_ * expert * stage) : 0
  const activations = (tokens / (batchShards * seq)) * model.embed * 2
  const reduced = model_ > 1 ? (training ? 4 : 2) * 2 * model.layers * activations * (1 - 1 / model_) : 0
  const links = chip.ici_one_way_gbps_per_link * 2 * 1e9 * perDevice
  return Math.max(
    flops / (chip.bf16_tflops * 1e12 * perDevice),
    weightBytes / (chip.hbm_gbps * 1e9 * perDevice),
    (gathered + reduced / stage) / links,
  )
}
