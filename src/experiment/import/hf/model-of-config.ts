import type { Layer, Model } from '../../../contract/model.ts'
import { writtenLayers } from '../written-layers.ts'
import { type ConfigReader, configReader, hfArchitectures } from './config-reader.ts'
import { layerPlans } from './mixer-kinds.ts'
import { readAttention } from './read-attention.ts'
import { readBlocks } from './read-blocks.ts'
import type { HfConfig } from './read-config.ts'
import { readExtra } from './read-extra.ts'
import { readMlp } from './read-mlp.ts'
import { type PublishedTypes, readTypes } from './read-types.ts'
import { refuse, refuseArchitecture } from './refuse-architecture.ts'

/** A model as its config says it, and what of the config a model cannot say. */
export interface ConfigModel {
  model: Model
  types: PublishedTypes
  unsupported: string[]
  notes: string[]
}

const mostLayers = 10_000
/** Keys that only configs of layers with a state have. */
const stateKeys = ['mamba_d_state', 'ssm_state_size', 'linear_num_value_heads', 'linear_attn_config']

/**
 * Reads a decoder from the keys of its config, not from its family's name.
 * @throws PromptsError `bad_log` naming the architecture that is no such decoder, or the dimension that is missing.
 */
export function modelOfConfig({ config, towers, name }: HfConfig, outer: unknown, what: string): ConfigModel {
  refuseArchitecture(config, outer, what)
  const reader = configReader(config, what)
  const layers = readBlocks(reader) ?? readLayers(reader)
  if (!layers.some(({ attention }) => attention !== null && attention.kind !== 'linear'))
    refuse(what, reader.family, 'no layer has attention')
  const state = layers.some(({ attention }) => attention?.kind === 'linear')
    ? undefined
    : stateKeys.find((key) => reader.number(key) || reader.record(key))
  if (state !== undefined) refuse(what, reader.family, `${state} tells of layers with a state, and nothing says which layers they are`)
  const extra = readExtra(reader, layers.length, towers)
  const types = readTypes(reader)
  const said = reader.flag('tie_word_embeddings') ?? reader.flag('share_input_output_layers')
  const tied = said ?? hfArchitectures.tied_by_default.includes(reader.family)
  const model: Model = {
    name: name ?? reader.family,
    embed: reader.need('embed'),
    vocab: reader.need('vocab'),
    tied_embeddings: tied,
    ...(extra.parameters > 0 ? { extra_parameters: extra.parameters } : {}),
    ...writtenLayers(layers),
  }
  const unread = reader.unread().filter((key) => !towers.includes(key))
  const notes = [...extra.notes, ...types.notes]
  if (said === null)
    notes.push(
      `the config says no tie_word_embeddings: the logits' table is ${tied ? 'the embeddings, counted once' : 'counted beside the embeddings'}`,
    )
  if (unread.length > 0) notes.push(`keys that were not read: ${unread.slice(0, 30).join(', ')}${unread.length > 30 ? ', …' : ''}`)
  return { model, types, unsupported: extra.unsupported, notes }
}

function readLayers(config: ConfigReader): Layer[] {
  const pattern = config.text('hybrid_override_pattern')
  const named = config.count('layers') ?? config.list('layers_block_type')?.length
  const count = pattern?.length ?? named ?? config.need('layers')
  if (count > mostLayers) refuse(config.what, config.family, `${count} layers are more than any model has`)
  return layerPlans(config, count).map((plan, layer, { length: layers }) => ({
    attention: readAttention(config, plan.mixer, { layer, layers }),
    mlp: readMlp(config, plan, { layer, layers }),
  }))
}
