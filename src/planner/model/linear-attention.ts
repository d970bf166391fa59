import type { LinearAttention } from '../../contract/model.ts'
import { PromptsError } from '../../errors.ts'

/** Sizes of a layer that keeps a state a sequence instead of a cache. Elements. */
export interface LinearTerms {
  /** Heads that the model axis can cut. */
  heads: number
  /** The input projections' columns, and the width that the output projection reads. */
  input: number
  output: number
  /** Small tensors beside the two projections: convolution, steps, decays. */
  small: number
  /** Elements of the recurrent state of one sequence (kept in f32), and of the convolution's last inputs. */
  state: number
  window: number
  /** FLOPs a token of the recurrence itself, forward. */
  flops: number
}

/**
 * gated_delta: Gated DeltaNet (Yang et al., 2024) as in Qwen3-Next; mamba2: Dao & Gu, 2024; mamba1: Gu & Dao, 2023.
 * Throws `bad_experiment` naming the dimension that `dims` lacks.
 */
export function linearTerms(attention: LinearAttention, embed: number): LinearTerms {
  const dim = (...names: string[]): number => {
    for (const name of names) if (attention.dims[name] !== undefined) return attention.dims[name]
    throw new PromptsError('bad_experiment', `A ${attention.variant} layer lacks dims.${names[0]}.`, {
      hint: `dims has the names of the model's config; given: ${Object.keys(attention.dims).join(', ') || 'none'}.`,
    })
  }
  if (attention.variant === 'gated_delta') {
    const valueHeads = dim('linear_num_value_heads', 'num_v_heads')
    const keyDim = dim('linear_key_head_dim', 'head_k_dim')
    const keys = dim('linear_num_key_heads', 'num_k_heads') * keyDim
    const values = valueHeads * dim('linear_value_head_dim', 'head_v_dim')
    const kernel = dim('linear_conv_kernel_dim', 'conv_kernel')
    const mixed = 2 * keys + values
    return {
      heads: valueHeads,
      input: mixed + values + 2 * valueHeads,
      output: values,
      small: mixed * kernel + 2 * valueHeads + values / valueHeads,
      state: keyDim * values,
      window: mixed * (kernel - 1),
      // decay, what the key reads, the correction, what the query reads
      flops: 8 * keyDim * values,
    }
  }
  if (attention.variant === 'mamba2') {
    const heads = dim('mamba_num_heads', 'mamba_n_heads', 'num_heads', 'nheads')
    const inner = heads * dim('mamba_head_dim', 'mamba_d_head', 'head_dim', 'headdim')
    const groups = dim('n_groups', 'mamba_n_groups', 'ngroups')
    const state = dim('ssm_state_size', 'mamba_d_state', 'state_size', 'd_state')
    const kernel = dim('conv_kernel', 'mamba_d_conv', 'd_conv')
    const mixed = inner + 2 * groups * state
    return {
      heads,
      input: inner + mixed + heads,
      output: inner,
      small: mixed * (kernel + 1) + 3 * heads + inner,
      state: inner * state,
      window: mixed * (kernel - 1),
      flops: 6 * inner * state,
    }
  }
  const inner = dim('mamba_expand', 'expand') * embed
  const state = dim('mamba_d_state', 'state_size', 'd_state')
  const kernel = dim('mamba_d_conv', 'conv_kernel', 'd_conv')
  const rank = dim('mamba_dt_rank', 'time_step_rank', 'dt_rank')
  return {
    heads: inner,
    input: 2 * inner,
    output: inner,
    small: inner * (kernel + 1) + inner * (rank + 2 * state) + rank * inner + inner + inner * state + inner,
    state: inner * state,
    window: inner * (kernel - 1),
    flops: 2 * inner * (rank + 2 * state) + 2 * rank * inner + 6 * inner * state,
  }
}
