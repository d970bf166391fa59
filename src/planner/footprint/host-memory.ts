import { storedParameters } from '../parameters.ts'
import type { Shards } from '../shards.ts'
import type { Chip } from '../workload.ts'
import { savedPerToken } from './activations.ts'
import { gib } from './memory-parts.ts'
import { offloadsOptimizer, optimizerBytes } from './optimizer-state.ts'
import type { TrainMemoryInput } from './train-memory.ts'

/**
 * Bytes of a train step that one device keeps in its host's memory: the activations that a policy offloads, the optimizer's
 * states.
 */
export function hostBytes(input: TrainMemoryInput, s: Shards): number {
  const { model, terms, run } = input
  const states = offloadsOptimizer(run) ? storedParameters(model, terms, s) * optimizerBytes(run, input.framework) : 0
  const inFlight = run.pipeline_microbatches ?? s.stage
  const ticks = s.stage > 1 ? (inFlight + s.stage - 1) / inFlight : 1
  const tokens = (run.global_batch / run.microbatches / s.batch) * (run.seq_len / s.seq)
  return states + (ticks * tokens * savedPerToken(input, s).host) / s.stage
}

/** Whether what its devices offload is more than a chip's share of its host's memory. */
export function exceedsHost(bytes: number, chip: Pick<Chip, 'host_memory_gib_per_chip' | 'devices_per_chip'>): boolean {
  return chip.host_memory_gib_per_chip !== null && bytes * chip.devices_per_chip > chip.host_memory_gib_per_chip * gib
}
