import type { Dtype, Framework } from '../../contract/experiment.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'

/** MaxText's setting that keeps optimizer states in the host's memory; recorded in `run.flags`. */
export const optimizerOffloadFlag = 'optimizer_memory_host_offload'

export function offloadsOptimizer(run: ResolvedRun): boolean {
  return run.flags[optimizerOffloadFlag]?.toLowerCase() === 'true'
}

/**
 * Bytes of optimizer state a parameter: adamw keeps two moments (Loshchilov & Hutter), lion one (Chen et al.), sgd without
 * momentum none, adafactor two factored vectors that are small beside their matrix (Shazeer & Stern): counted as 1/512 of an
 * element each.
 */
export function optimizerBytes(run: ResolvedRun, framework: Framework): number {
  const bytes = dtypeBytes[run.optimizer_dtype]
  switch (run.optimizer) {
    case 'adamw':
      return bytes + dtypeBytes[secondMomentDtype(run, framework)]
    case 'lion':
      return bytes
    case 'adafactor':
      return bytes / 256
    default:
      return 0
  }
}

/**
 * MaxText's `mu_dtype` is the first moment's: the second follows the weights (optax.adamw), or both where its own optimizer is
 * chosen.
 */
export function secondMomentDtype(run: Pick<ResolvedRun, 'weight_dtype' | 'optimizer_dtype'>, framework: Framework): Dtype {
  return framework === 'maxtext' ? run.weight_dtype : run.optimizer_dtype
}
