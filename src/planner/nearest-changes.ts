import type { Experiment } from '../contract/experiment.ts'
import { vocabTilingFlag } from './footprint/loss-memory.ts'
import { offloadsOptimizer, optimizerOffloadFlag } from './footprint/optimizer-state.ts'
import { tunedPolicies } from './remat-policy.ts'
import type { Workload } from './workload.ts'

/** Settings of a run that differ from the experiment's. */
export type Changes = Partial<Experiment['run']>

const microbatchFactors = [2, 4, 8, 16]
const tilings = [4, 16]
const batchShares = [2, 4, 8]

/** Changes of one setting that may save memory. */
export function memoryChanges({ run, phase, framework }: Workload): Changes[] {
  if (phase !== 'train') return run.kv_dtype === 'int8' ? [] : [{ kv_dtype: 'int8' }]
  const changes: Changes[] = tunedPolicies.filter((policy) => policy !== run.remat).map((remat) => ({ remat }))
  for (const factor of microbatchFactors) {
    const microbatches = run.microbatches * factor
    if (run.global_batch % microbatches === 0) changes.push({ microbatches })
  }
  if (run.optimizer !== 'none' && !offloadsOptimizer(run)) changes.push({ flags: { ...run.flags, [optimizerOffloadFlag]: 'true' } })
  if (framework === 'maxtext' && run.flags[vocabTilingFlag] === undefined)
    for (const tiles of tilings) changes.push({ flags: { ...run.flags, [vocabTilingFlag]: String(tiles) } })
  return changes
}

/** Changes of one setting of a serving job that may shorten its latency: smaller weights or cache, fewer requests at a time. */
export function latencyChanges({ run, chip }: Workload): Changes[] {
  const changes: Changes[] = []
  if (run.weight_dtype === 'bf16' && chip.int8_tflops !== null) changes.push({ weight_dtype: 'int8' })
  if (run.kv_dtype === 'bf16') changes.push({ kv_dtype: 'int8' })
  for (const share of batchShares) {
    if (run.global_batch % share !== 0) continue
    const fewer: Changes = { global_batch: run.global_batch / share }
    if (run.concurrency !== null) fewer.concurrency = Math.max(1, Math.round(run.concurrency / share))
    changes.push(fewer)
  }
  return changes
}

/** Every two of them together, where they do not set the same thing. */
export function pairsOf(singles: readonly Changes[]): Changes[] {
  const pairs: Changes[] = []
  for (const [i, a] of singles.entries())
    for (const b of singles.slice(i + 1)) {
      const shared = Object.keys(a).filter((key) => key in b)
      if (shared.length === 0) pairs.push({ ...a, ...b })
      else if (a.flags && b.flags && !sameFlag(a.flags, b.flags)) pairs.push({ ...a, ...b, flags: { ...a.flags, ...b.flags } })
    }
  return pairs
}

/** Both change the same flag, to different values. */
function sameFlag(a: NonNullable<Changes['flags']>, b: NonNullable<Changes['flags']>): boolean {
  return (vocabTilingFlag in a && vocabTilingFlag in b) || (optimizerOffloadFlag in a && optimizerOffloadFlag in b)
}
