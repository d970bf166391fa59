import type { Attention, Layer, Mlp, Model } from '../../../contract/model.ts'
import { groupLayers } from '../../../planner/model/layer-groups.ts'
import { hasPrintedDims, libraryModel } from './library-model.ts'
import type { SettingReader } from './setting-reader.ts'

/** Every how many layers one is global, by MaxText's decoder blocks with windows of their own (decoders.py). */
const globalEvery: Readonly<Record<string, number>> = { gemma2: 2, gemma3: 6, gemma4: 6, gpt_oss: 2, olmo3: 4 }

/** Base dims that MaxText scales by `global_parameter_scale` (pyconfig, get_individual_scales). */
const baseDims = ['emb_dim', 'mlp_dim', 'moe_mlp_dim', 'num_query_heads', 'num_kv_heads', 'num_decoder_layers'] as const

/** The model of a job: its name where the library has it with these dims, otherwise the dims of its settings. */
export function modelOfSettings(read: SettingReader, written: ReadonlySet<string>, notes: string[]): string | Model {
  const name = read.text('model_name', 'default')
  const known = libraryModel(name)
  const overridden = [...written].some((setting) => /^base_(emb|mlp|num|moe)/.test(setting))
  const printed = written.has('emb_dim')
  if (known && (printed ? hasPrintedDims(known, read) : !overridden)) return name
  if (known) notes.push(`model_name=${name} stands with other dims than its own: the model is described by the settings`)
  return { name, embed: dim(read, 'emb_dim'), vocab: read.int('vocab_size'), ...tied(read), ...layersOf(read, notes) }
}

function tied(read: SettingReader): Partial<Model> {
  return { tied_embeddings: read.flag('logits_via_embedding') }
}

/** A dim as the log prints it, or its base one, scaled. */
function dim(read: SettingReader, name: (typeof baseDims)[number]): number {
  const printed = read.optionalInt(name)
  if (printed !== null) return printed
  const scale = Math.log2(read.optionalInt('global_parameter_scale') ?? 1)
  const third = Math.floor(scale / 3)
  const rest = scale - 3 * third
  const heads = third + (rest > 0 ? 1 : 0)
  const powers = {
    emb_dim: third + (rest > 1 ? 1 : 0),
    mlp_dim: heads,
    moe_mlp_dim: heads,
    num_query_heads: heads,
    num_kv_heads: heads,
    num_decoder_layers: third,
  }
  const base = read.int(`base_${name}`)
  return base > 0 ? base * 2 ** powers[name] : base
}

function layersOf(read: SettingReader, notes: string[]): Pick<Model, 'layers'> & Partial<Model> {
  const count = dim(read, 'num_decoder_layers')
  const experts = read.optionalInt('num_experts') ?? 1
  const layers = Array.from({ length: count }, (_, i): Layer => ({ attention: attentionOf(read, i), mlp: mlpOf(read, i, experts) }))
  if (experts > 1) notes.push(`mlp is the width of one expert (${dim(read, 'moe_mlp_dim') > 0 ? 'moe_mlp_dim' : 'mlp_dim'})`)
  const groups = groupLayers(layers)
  const only = groups.length === 1 && groups[0]!.layers.length === 1 ? layers[0]! : null
  if (!only?.attention || !only.mlp || (only.attention.kind !== 'full' && only.attention.kind !== 'window')) return { layers: groups }
  if (only.attention.output_gate || (only.mlp.kind === 'moe' && only.mlp.shared_width !== undefined)) return { layers: groups }
  const { attention, mlp } = only
  return {
    layers: count,
    mlp: mlp.width,
    heads: attention.heads,
    kv_heads: attention.kv_heads,
    head_dim: attention.head_dim,
    gated_mlp: mlp.gated ?? true,
    ...(mlp.kind === 'moe' ? { experts, experts_per_token: mlp.experts_per_token } : {}),
    ...(attention.window === undefined ? {} : { attention_window: attention.window }),
  }
}

function attentionOf(read: SettingReader, layer: number): Attention {
  const heads = dim(read, 'num_query_heads')
  const type = read.text('attention_type', 'global').toLowerCase()
  if (type === 'mla') {
    const rank = read.optionalInt('q_lora_rank') ?? 0
    return {
      kind: 'mla',
      heads,
      ...(rank > 0 ? { q_lora_rank: rank } : {}),
      kv_lora_rank: read.int('kv_lora_rank'),
      qk_nope_head_dim: read.int('qk_nope_head_dim'),
      qk_rope_head_dim: read.int('qk_rope_head_dim'),
      v_head_dim: read.int('v_head_dim'),
    }
  }
  const block = read.text('decoder_block', '').toLowerCase()
  const cycle = read.optionalInt('inhomogeneous_layer_cycle_interval') ?? 1
  const next = /^qwen3_(next|5)/.test(block)
  if (next && (layer + 1) % cycle !== 0) return deltaOf(read)
  const plain = { heads, kv_heads: dim(read, 'num_kv_heads'), head_dim: read.int('head_dim'), ...(next ? { output_gate: true } : {}) }
  const window = read.optionalInt('sliding_window_size') ?? 0
  const chunk = read.optionalInt('chunk_attn_window_size') ?? 0
  const every = globalEvery[block] ?? (block === 'llama4' ? Math.max(1, read.optionalInt('nope_layer_interval') ?? 4) : null)
  if (every !== null && (layer + 1) % every === 0) return { kind: 'full', ...plain }
  if (chunk > 0 && (type === 'chunk' || block === 'llama4')) return { kind: 'chunked', ...plain, window: chunk }
  return window > 0 ? { kind: 'window', ...plain, window } : { kind: 'full', ...plain }
}

function deltaOf(read: SettingReader): Attention {
  const dims = {
    linear_num_key_heads: read.int('gdn_num_key_heads'),
    linear_num_value_heads: read.int('gdn_num_value_heads'),
    linear_key_head_dim: read.int('gdn_key_head_dim'),
    linear_value_head_dim: read.int('gdn_value_head_dim'),
    linear_conv_kernel_dim: read.int('gdn_conv_kernel_dim'),
  }
  return { kind: 'linear', variant: 'gated_delta', dims }
}

function mlpOf(read: SettingReader, layer: number, experts: number): Mlp {
  const gated = read.text('mlp_activations', "['silu', 'linear']").split(',').length > 1
  const step = Math.max(1, read.optionalInt('interleave_moe_layer_step') ?? 1)
  const moe = experts > 1 && layer >= (read.optionalInt('first_num_dense_layers') ?? 0) && (layer + 1) % step === 0
  if (!moe) return { kind: 'dense', width: dim(read, 'mlp_dim'), ...(gated ? {} : { gated }) }
  const own = dim(read, 'moe_mlp_dim')
  const width = own > 0 ? own : dim(read, 'mlp_dim')
  const shared = read.optionalInt('shared_experts') ?? 0
  return {
    kind: 'moe',
    experts,
    experts_per_token: read.int('num_experts_per_tok'),
    width,
    ...(shared > 0 ? { shared_width: shared * width } : {}),
    ...(gated ? {} : { gated }),
  }
}
