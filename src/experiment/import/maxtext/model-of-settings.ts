import type { Attention, Layer, Mlp, Model } from '../../../contract/model.ts'
import { PromptsError } from '../../../errors.ts'
import { nearest } from '../../../text/nearest.ts'
import { writtenLayers } from '../written-layers.ts'
import { libraryModel, libraryNames } from './library-model.ts'
import { overriddenModel } from './overridden-model.ts'
import type { SettingReader } from './setting-reader.ts'

/** Every how many layers one is global, by MaxText's decoder blocks with windows of their own (decoders.py). */
const globalEvery: Readonly<Record<string, number>> = { gemma2: 2, gemma3: 6, gemma4: 6, gpt_oss: 2, olmo3: 4 }

/** Base dims that MaxText scales by `global_parameter_scale` (pyconfig, get_individual_scales). */
const baseDims = ['emb_dim', 'mlp_dim', 'moe_mlp_dim', 'num_query_heads', 'num_kv_heads', 'num_decoder_layers'] as const

/** Dims without which a model that has no name of the library's is MaxText's default one. */
const neededDims = ['emb_dim', 'num_decoder_layers', 'num_query_heads'] as const

/**
 * The model of a job: its name where the library has it with these dims, its dims where the job sets some otherwise, or those of
 * its settings.
 * @throws PromptsError `bad_log` for a name that the library lacks, in a text that does not give the dims.
 */
export function modelOfSettings(read: SettingReader, written: ReadonlySet<string>, notes: string[]): string | Model {
  const name = read.text('model_name', 'default')
  const base = libraryModel(name)
  if (base !== null) {
    const said = (setting: string) =>
      written.has(setting) || written.has(`base_${setting}`) ? (read.optionalInt(setting) ?? read.optionalInt(`base_${setting}`)) : null
    const own = overriddenModel(
      base,
      said,
      written.has('logits_via_embedding') && !written.has('emb_dim') ? read.flag('logits_via_embedding') : null,
    )
    if (read.flag('override_model_config')) notes.push(...notOverridden(read, written))
    if (own !== null) notes.push(`model_name=${name} stands with other dims than its own: the model is described by layers`)
    return own ?? name
  }
  const missing = neededDims.filter((setting) => !written.has(setting) && !written.has(`base_${setting}`))
  if (name !== 'default' && missing.length > 0) throw unknownModel(name, missing, read.what)
  return { name, embed: dim(read, 'emb_dim'), vocab: read.int('vocab_size'), ...tied(read), ...layersOf(read, notes) }
}

/** What may be overridden of a model and is taken from the library all the same. */
const kept =
  /^(mlp_activations|interleave_moe_layer_step|nope_layer_interval|inhomogeneous_layer_cycle_interval|attention_type|decoder_block|global_parameter_scale|gdn_.*|share_kv_projections|num_kv_shared_layers|global_num_kv_heads|global_head_dim|use_double_wide_mlp|hidden_size_per_layer_input|use_indexer|mtp_num_layers)$/

function notOverridden(read: SettingReader, written: ReadonlySet<string>): string[] {
  if (written.has('emb_dim')) return [] // a log prints every setting, overridden or not
  return [...written]
    .filter((name) => kept.test(name))
    .map((name) => `${name}=${read.text(name, '')} stands beside a model of the library, which keeps its own`)
}

function unknownModel(name: string, missing: readonly string[], what: string): PromptsError {
  const near = nearest(name, libraryNames())
  return new PromptsError(
    'bad_log',
    `${what}: model_name=${name.slice(0, 100)} is not in the library, and nothing says ${missing.map((one) => `base_${one}`).join(', ')}`,
    {
      hint: `${near.length > 0 ? `Nearest: ${near.join(', ')}. ` : ''}Give the log of a run or of train_compile, which prints the dims, or write them out.`,
    },
  )
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
  return writtenLayers(layers)
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
