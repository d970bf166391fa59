import { PromptsError } from '../../../errors.ts'
import { hfArchitectures } from './config-reader.ts'

/**
 * Throws `bad_log` with the reason when a config is no decoder-only language model, or one whose attention cannot be described.
 */
export function refuseArchitecture(config: Readonly<Record<string, unknown>>, outer: unknown, what: string): void {
  const types = [config.model_type, (outer as { model_type?: unknown }).model_type].filter((type) => typeof type === 'string')
  const names = [...(Array.isArray(config.architectures) ? config.architectures : []), config._class_name].filter(
    (name): name is string => typeof name === 'string',
  )
  const reason = byType(types) ?? byName(names) ?? byKeys(config)
  if (reason === null) return
  throw new PromptsError('bad_log', `${what}: ${types[0] ?? names[0] ?? 'this model'} cannot be imported: ${reason}`, {
    hint: 'Decoder-only language models are: plain, latent or windowed attention, mixtures of experts, and Mamba or gated-delta layers beside attention.',
  })
}

/** Throws `bad_log` for an architecture found out while its layers are read. */
export function refuse(what: string, family: string, reason: string): never {
  throw new PromptsError('bad_log', `${what}: ${family} cannot be imported: ${reason}`, {
    hint: 'Write the model into an experiment as layer groups, if it can be said in them.',
  })
}

/** Model types of the parts that wrappers hold beside their decoder. */
const towerType = /(_encoder|_vision|_vision_model|_image_model|_text_model|_audio|_audio_encoder|qformer|_tower)$/

function byType(types: readonly unknown[]): string | null {
  for (const [reason, list] of Object.entries(hfArchitectures.refused)) if (list.some((type) => types.includes(type))) return reason
  const part = types.find((type): type is string => typeof type === 'string' && towerType.test(type))
  return part === undefined ? null : 'a tower or an encoder of another model: no text decoder'
}

function byName(names: readonly string[]): string | null {
  for (const { pattern, reason } of hfArchitectures.refused_patterns)
    if (names.length > 0 && names.every((name) => new RegExp(pattern).test(name))) return reason
  return null
}

function byKeys(config: Readonly<Record<string, unknown>>): string | null {
  if (config.is_encoder_decoder === true) return 'encoder-decoder: two stacks with attention between them'
  if (typeof config._class_name === 'string') return `a part of a diffusion pipeline (${config._class_name})`
  if (Array.isArray(config.compress_ratios)) return 'compressed attention (compress_ratios): plain or latent attention would be wrong'
  if (typeof config.type_vocab_size === 'number' && config.type_vocab_size > 0 && config.is_decoder !== true)
    return 'encoder without a decoder: token types (type_vocab_size), no causal generation'
  if (typeof config.num_codebooks === 'number') return 'audio model: it generates codebooks, not text'
  if (Array.isArray(config.cross_attention_layers) && config.cross_attention_layers.length > 0)
    return "attention to another stack's tokens in some layers (cross_attention_layers), which is not described"
  if (typeof config.lru_width === 'number') return 'RG-LRU recurrences, which are not described'
  return null
}
