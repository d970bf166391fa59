import type { Workload } from '../workload.ts'
import { causalPairs, visibleTokens } from './attention-terms.ts'
import { modelTerms } from './model-terms.ts'

/** Tokens that one step handles on the whole job: a batch of sequences, or one token a sequence when decoding. */
export function tokensPerStep({ phase, run }: Workload): number {
  return phase === 'decode' ? run.global_batch : run.global_batch * run.seq_len
}

/**
 * FLOPs that one step needs on the whole job, nothing computed again: 2 a parameter and token forward, twice that backward, and
 * the attention that the causal mask lets through (Chowdhery et al., PaLM, appendix B; counted causally).
 */
export function modelFlops(workload: Workload): number {
  const { model, run, phase } = workload
  const terms = modelTerms(model)
  const tokens = tokensPerStep(workload)
  let attended = 0
  for (const { attention, count } of terms.kinds) {
    if (!attention) continue
    attended += count * attention.perToken * tokens
    if (phase === 'decode') attended += count * attention.perCachedPair * tokens * visibleTokens(attention, run.seq_len)
    else attended += count * attention.perPair * run.global_batch * causalPairs(attention, run.seq_len)
  }
  if (phase === 'decode') return 2 * terms.activeMatmul * tokens + attended
  // prefill computes logits for the last position only
  const matmul =
    phase === 'train'
      ? 2 * terms.activeMatmul * tokens
      : 2 * (terms.activeMatmul - terms.table) * tokens + 2 * terms.table * run.global_batch
  const forward = matmul + attended
  return phase === 'train' ? 3 * forward : forward
}

/** Chips of the whole job. */
export function jobChips({ slice, slices }: Pick<Workload, 'slice' | 'slices'>): number {
  return slice.chips * slices
}

/** Peak bf16 FLOP/s of the whole job. */
export function jobPeakFlops(workload: Workload): number {
  return jobChips(workload) * workload.chip.bf16_tflops * 1e12
}
