import type { Attention } from '../../../contract/model.ts'
import type { ConfigReader } from './config-reader.ts'
import { type MixerKind, windowOf } from './mixer-kinds.ts'
import { refuse } from './refuse-architecture.ts'

/** What mixes tokens in layer `layer` of `layers`. */
export function readAttention(
  config: ConfigReader,
  mixer: MixerKind,
  { layer, layers }: { layer: number; layers: number },
): Attention | null {
  if (mixer === 'none') return null
  if (mixer === 'gated_delta' || mixer === 'mamba2' || mixer === 'mamba1')
    return { kind: 'linear', variant: mixer, dims: linearDims(config, mixer) }
  if (config.number('kv_lora_rank')) return readLatent(config, config.need('heads', layer))
  const own = (global: string, windowed: string) => config.number(mixer === 'full' ? global : windowed)
  const heads = own('num_global_attention_heads', 'swa_num_attention_heads') ?? config.need('heads', layer)
  const headDim = own('global_head_dim', 'swa_head_dim') ?? config.count('head_dim', layer) ?? wholeHeadDim(config, heads)
  const valueDim = own('global_v_head_dim', 'swa_v_head_dim') ?? config.number('v_head_dim') ?? headDim
  const kvHeads = own('num_global_key_value_heads', 'swa_num_key_value_heads') ?? kvHeadsOf(config, heads, layer)
  if (heads % kvHeads !== 0) refuse(config.what, config.family, `${heads} heads are not a multiple of ${kvHeads} KV heads`)
  return {
    kind: mixer,
    heads,
    kv_heads: kvHeads,
    head_dim: headDim,
    ...(valueDim === headDim ? {} : { v_head_dim: valueDim }),
    ...(mixer === 'window' ? { window: windowOf(config)! } : {}),
    ...(mixer === 'chunked' ? { window: config.number('attention_chunk_size')! } : {}),
    ...(hasOutputGate(config) ? { output_gate: true } : {}),
    ...(sharesCache(config, { layer, layers }) ? { shares_kv: true } : {}),
  }
}

/** The last layers read an earlier one's cache (Gemma 3n), or all but every so many (cross-layer attention). */
function sharesCache(config: ConfigReader, { layer, layers }: { layer: number; layers: number }): boolean {
  const factor = config.flag('use_cla') === true ? (config.number('cla_share_factor') ?? 1) : 1
  return layer >= layers - (config.number('num_kv_shared_layers') ?? 0) || layer % Math.max(1, factor) !== 0
}

function readLatent(config: ConfigReader, heads: number): Attention {
  const queryRank = config.number('q_lora_rank')
  const nope = config.number('qk_nope_head_dim')
  const rope = config.number('qk_rope_head_dim')
  if (nope === null || rope === null)
    return refuse(config.what, config.family, `kv_lora_rank stands without ${nope === null ? 'qk_nope_head_dim' : 'qk_rope_head_dim'}`)
  return {
    kind: 'mla',
    heads,
    ...(queryRank ? { q_lora_rank: queryRank } : {}),
    kv_lora_rank: config.number('kv_lora_rank')!,
    qk_nope_head_dim: nope,
    qk_rope_head_dim: rope,
    v_head_dim: config.number('v_head_dim') ?? wholeHeadDim(config, heads),
  }
}

/** What transformers does where a config says no head_dim. */
function wholeHeadDim(config: ConfigReader, heads: number): number {
  const size = Math.floor(config.need('embed') / heads)
  return size >= 1 ? size : refuse(config.what, config.family, `hidden_size is less than its ${heads} heads`)
}

/** One where the config says multi-query; as many as heads where it says nothing. */
function kvHeadsOf(config: ConfigReader, heads: number, layer: number): number {
  const multiQuery = config.flag('multi_query') === true
  const own = config.count('kv_heads', layer)
  if (config.family === 'falcon') return config.flag('new_decoder_architecture') === true ? (own ?? heads) : multiQuery ? 1 : heads
  if (config.flag('multi_query_attention') === false) return heads
  return own || (multiQuery ? 1 : heads)
}

/** Qwen3-Next gates its attention's output without a key that says so. */
function hasOutputGate(config: ConfigReader): boolean {
  return config.flag('attn_output_gate') === true || config.family.startsWith('qwen3_next')
}

const linearKeys: Record<'gated_delta' | 'mamba2' | 'mamba1', readonly string[]> = {
  gated_delta: ['linear_num_key_heads', 'linear_num_value_heads', 'linear_key_head_dim', 'linear_value_head_dim', 'linear_conv_kernel_dim'],
  mamba2: [
    'mamba_num_heads',
    'mamba_n_heads',
    'mamba_head_dim',
    'mamba_d_head',
    'n_groups',
    'mamba_n_groups',
    'ssm_state_size',
    'mamba_d_state',
    'conv_kernel',
    'mamba_d_conv',
  ],
  mamba1: ['mamba_expand', 'expand', 'mamba_d_state', 'state_size', 'mamba_d_conv', 'conv_kernel', 'mamba_dt_rank', 'time_step_rank'],
}

/** The recurrence's dims by the config's own names. */
function linearDims(config: ConfigReader, variant: keyof typeof linearKeys): Record<string, number> {
  const dims: Record<string, number> = {}
  for (const key of linearKeys[variant]) {
    const value = config.number(key)
    if (value !== null) dims[key] = value
  }
  if (variant === 'mamba1' && dims.mamba_dt_rank === undefined && dims.time_step_rank === undefined)
    dims.mamba_dt_rank = Math.ceil(config.need('embed') / 16)
  if (variant === 'mamba2' && dims.mamba_d_head === undefined && dims.mamba_head_dim === undefined) {
    const inner = (config.number('mamba_expand') ?? config.number('expand') ?? 2) * config.need('embed')
    dims.mamba_d_head = inner / (dims.mamba_n_heads ?? dims.mamba_num_heads ?? 1)
  }
  return dims
}
