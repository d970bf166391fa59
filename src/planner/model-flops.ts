import { modelTerms } from './model-terms.ts'
import { causalPairs } from './time/attention-work.ts'
import type { Workload } from './workload.ts'

/** Tokens that one step handles on the whole job: a batch of sequences, or one token a sequence when decoding. */
export function tokensPerStep({ phase, run }: Workload): number {
  return phase === 'decode' ? run.global_batch : run.global_batch * run.seq_len
}

/**
 * FLOPs that one step needs on the whole job, nothing computed again: 2 a parameter and token forward, twice that backward, and the
 * attention that the causal mask lets through (Chowdhery et al., PaLM, appendix B; counted causally).
 */
export function modelFlops(workload: Workload): number {
  const { model, run, phase } = workload
  const terms = modelTerms(model)
  const tokens = tokensPerStep(workload)
  const perPair = 4 * model.heads * model.head_dim * model.layers
  if (phase === 'decode')
    return 2 * terms.activeMatmul * tokens + perPair * tokens * Math.min(run.seq_len, model.attention_window ?? run.seq_len)
  const table = model.vocab * model.embed
  // prefill computes logits for the last position only
  const matmul =
    phase === 'train' ? 2 * terms.activeMatmul * tokens : 2 * (terms.activeMatmul - table) * tokens + 2 * table * run.global_batch
  const forward = matmul + perPair * run.global_batch * causalPairs(model, run.seq_len)
  return phase === 'train' ? 3 * forward : forward
}

/** Chips of the whole job. */
export function jobChips({ slice, slices }: Workload): number {
  return slice.chips * slices
}

/** Peak bf16 FLOP/s of the whole job. */
export function jobPeakFlops(workload: Workload): number {
  return jobChips(workload) * workload.chip.bf16_tflops * 1e12
}
