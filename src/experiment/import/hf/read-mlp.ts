import type { Mlp } from '../../../contract/model.ts'
import { type ConfigReader, hfArchitectures } from './config-reader.ts'
import type { LayerPlan } from './mixer-kinds.ts'
import { refuse } from './refuse-architecture.ts'

/** The MLP of layer `layer` of `layers`; null where the layer has none. */
export function readMlp(config: ConfigReader, plan: LayerPlan, { layer, layers }: { layer: number; layers: number }): Mlp | null {
  if (plan.mlp === 'none') return null
  const gated = isGated(config)
  const experts = config.flag('enable_moe_block') === false ? 0 : (config.count('experts', layer) ?? 0)
  const moe = experts > 1 && plan.mlp !== 'dense' && (plan.mlp === 'moe' || hasExperts(config, layer))
  if (!moe)
    return { kind: 'dense', width: denseWidth(config, { layer, layers, hasExperts: experts > 1 }), ...(gated ? {} : { gated: false }) }
  const width = config.count('expert_mlp', layer) ?? config.need('mlp', layer)
  const shared = sharedWidth(config, width, layer)
  return {
    kind: 'moe',
    experts,
    experts_per_token: config.need('experts_per_token', layer),
    width,
    ...(shared > 0 ? { shared_width: shared } : {}),
    ...(gated ? {} : { gated: false }),
  }
}

/** A gate, unless the family or the activation has none. */
function isGated(config: ConfigReader): boolean {
  const said = config.flag('gated_mlp') ?? config.flag('ffn_with_glu') ?? config.flag('use_glu') ?? config.flag('is_gated_act')
  if (said !== null) return said
  const activation = hfArchitectures.keys.activation!.map((key) => config.text(key)).find((name) => name !== null) ?? ''
  if (config.text('mlp_type') === 'default') return false
  const { types, activations } = hfArchitectures.ungated
  return !types.includes(config.family) && !activations.includes(activation)
}

/** Which layers of a mixture have experts, by any of the ways in which configs say it. */
function hasExperts(config: ConfigReader, layer: number): boolean {
  const kinds = config.list('mlp_layer_types')
  if (kinds !== null) return kinds[layer] !== 'dense'
  if (config.list('mlp_only_layers')?.includes(layer)) return false
  const chosen = config.list('moe_layers') ?? config.text('moe_layers_enum')?.split(',').map(Number) ?? null
  if (chosen !== null) return chosen.includes(layer)
  if (layer < (config.count('leading_dense') ?? 0)) return false
  const sparseStep = config.number('decoder_sparse_step') ?? config.number('moe_layer_frequency')
  if (sparseStep !== null && sparseStep > 0) return (layer + 1) % sparseStep === 0
  const llamaStep = config.number('interleave_moe_layer_step')
  if (llamaStep !== null && llamaStep > 0) return (layer + 1) % llamaStep === 0
  const period = config.number('expert_layer_period')
  if (period !== null && period > 0) return layer % period === (config.number('expert_layer_offset') ?? 0)
  const interval = config.number('moe_layer_interval')
  if (interval !== null && interval > 0) {
    const start = config.number('moe_layer_start_index') ?? 0
    return layer >= start && layer <= (config.number('moe_layer_end_index') ?? layer) && (layer + 1) % interval === 0
  }
  const pattern = config.list('moe_layer_freq')
  if (pattern !== null) return pattern[layer] === 1
  const freq = config.number('moe_layer_freq')
  return freq === null || freq <= 1 || layer % freq === 0
}

interface DenseLayer {
  layer: number
  layers: number
  /** The model has experts in other layers. */
  hasExperts: boolean
}

function denseWidth(config: ConfigReader, { layer, layers, hasExperts }: DenseLayer): number {
  const own = (hasExperts ? config.count('dense_mlp', layer) : null) ?? config.count('mlp', layer)
  const shared = config.number('num_kv_shared_layers') ?? 0
  const factor = config.flag('use_double_wide_mlp') === true && layer >= layers - shared ? 2 : 1
  if (own) return factor * (config.family === 'qwen' ? own / 2 : own)
  const alone = config.count('shared_width', layer)
  if (alone) return alone
  const multiplier = config.number('ffn_multipliers', layer)
  if (multiplier !== null) return multipleOf(config.number('ffn_dim_divisor') ?? 1, multiplier * config.need('embed'))
  const ratio = config.number('expansion_ratio')
  if (ratio !== null) return ratio * config.need('embed')
  // GPT-2 and its kin: four times the hidden size where the config says nothing
  if (hfArchitectures.ungated.types.includes(config.family)) return 4 * config.need('embed')
  return config.need('mlp', layer)
}

/** OpenELM's rounding: to the nearest multiple, up where that would take a tenth away. */
function multipleOf(divisor: number, width: number): number {
  const near = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor)
  return near < 0.9 * width ? near + divisor : near
}

/** The width of what every token visits beside its experts. */
function sharedWidth(config: ConfigReader, expert: number, layer: number): number {
  // Gemma 4: a dense MLP beside the experts of the same layer
  if (config.flag('enable_moe_block') === true) return config.count('mlp', layer) ?? 0
  // Grok 2 has a dense MLP beside the experts, Arctic one as wide as the hidden size
  if (config.flag('residual_moe') === true) return config.count('mlp', layer) ?? 0
  if (config.flag('parallel_attn_mlp_res') === true) return config.need('embed')
  const count = config.count('shared_experts', layer)
  const each = config.count('shared_width_each', layer)
  if (each !== null && each > 0) return each * (count ?? 1)
  const whole = config.count('shared_width', layer)
  if (whole !== null) return whole
  if (config.family.startsWith('llama4')) return expert
  return (count ?? 0) * expert
}

/** The layers of a config that writes each block out (nemotron-nas): widths by a multiplier of the hidden size. */
export function blockMlp(config: ConfigReader, block: Readonly<Record<string, unknown>>, embed: number): Mlp | null {
  if (block.no_op === true) return null
  if (block.replace_with_linear === true) return { kind: 'dense', width: Math.round(embed / 2), gated: false }
  const given = typeof block.intermediate_size === 'number' ? block.intermediate_size : null
  if (given !== null) return { kind: 'dense', width: given }
  if (typeof block.ffn_mult !== 'number') return refuse(config.what, config.family, 'a block says no ffn_mult')
  return { kind: 'dense', width: Math.ceil((2 * block.ffn_mult * embed) / 3 / 256) * 256 }
}
