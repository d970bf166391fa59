import { remedyData } from '../../knowledge/data/remedies.ts'
import { foundIn, patternOf, type Remedy, type RemedyInput } from './remedy.ts'

/** Collectives that are offloaded to the SparseCores in part: all three kinds together. */
export function offloadTogether({ workload, patterns }: RemedyInput): Remedy | null {
  const pattern = patternOf(patterns, 'partial_collective_offload')
  const { doc, flags } = remedyData().offload_together
  if (pattern === null) return null
  return flagRemedy(workload.run.flags, flags[workload.slice.chip], {
    what: 'offload all-gather, reduce-scatter and all-reduce to the SparseCores together',
    why: `${foundIn(pattern)}: those that stay on the TensorCore stop it and wait for links that the offloaded ones hold (${doc})`,
  })
}

/** Collectives of the model axis that stop each layer: products cut into windows that hide them. */
export function collectiveMatmul({ workload, patterns }: RemedyInput): Remedy | null {
  const pattern = patternOf(patterns, 'sync_model_collectives')
  const { doc, flags } = remedyData().collective_matmul
  if (pattern === null) return null
  return flagRemedy(workload.run.flags, flags[workload.slice.chip], {
    what: 'collective matmuls (windowed einsums) for every size of the model axis',
    why: `${foundIn(pattern)}: a matmul that is cut into windows moves its operands beside its own compute (${doc})`,
  })
}

function flagRemedy(
  has: Readonly<Record<string, string>>,
  flags: Readonly<Record<string, string>> | undefined,
  words: { what: string; why: string },
): Remedy | null {
  if (flags === undefined || Object.entries(flags).every(([name, value]) => has[name] === value)) return null
  return {
    suggestion: { kind: 'flag', ...words, settings: { ...flags }, gain: null, by: 'anti_pattern' },
    change: { flags: { ...has, ...flags } },
  }
}
