import { type ConfigReader, hfArchitectures } from './config-reader.ts'

/** Parameters outside the layers' own matrices, and what of the config is not expressed. */
export interface Extra {
  parameters: number
  unsupported: string[]
  notes: string[]
}

export function readExtra(config: ConfigReader, layers: number, towers: readonly string[]): Extra {
  const embed = config.need('embed')
  const extra: Extra = { parameters: 0, unsupported: [], notes: [] }
  if (hfArchitectures.learned_positions.includes(config.family)) extra.parameters += (config.count('positions') ?? 0) * embed
  addPerLayerEmbeddings(config, { embed, layers }, extra)
  addIndexer(config, { embed, layers }, extra)
  if (config.flag('attention_k_eq_v') === true)
    extra.notes.push('the global layers make keys and values by one projection (attention_k_eq_v): counted as two, in the cache as K and V')
  const next = config.count('next_token_layers')
  if (next) extra.notes.push(`${next} multi-token-prediction ${next === 1 ? 'layer is' : 'layers are'} left out`)
  if (towers.length > 0) extra.notes.push(`the text decoder alone is counted: ${towers.join(', ')} left out`)
  for (const [key, what] of Object.entries(notExpressed)) {
    const value = config.number(key) ?? config.flag(key) ?? config.text(key)
    if (value !== null && value !== 0 && value !== false) extra.unsupported.push(`${key}=${value}: ${what}`)
  }
  return extra
}

/** What changes what a layer computes, hardly its size, and has no word in a layer group. */
const notExpressed: Readonly<Record<string, string>> = {
  altup_num_inputs: 'alternating updates of several residual streams are not counted',
  laurel_rank: 'low-rank residual branches are not counted',
  gating: 'a small gate on attention is not counted',
  num_zero_experts: 'experts that do nothing are not counted',
  zero_expert_num: 'experts that do nothing are not counted',
  blocksparse_block_size: 'attention over some blocks of the context is counted over all of it',
  share_q_dim: 'queries that are made from a low rank are counted as one product',
  hc_mult: 'several residual streams are not counted',
}

/** Gemma 3n and 4: a table of embeddings for every layer, a projection into it, and a gate and a projection in each layer. */
function addPerLayerEmbeddings(config: ConfigReader, { embed, layers }: { embed: number; layers: number }, extra: Extra): void {
  const width = config.number('hidden_size_per_layer_input') ?? 0
  if (width === 0) return
  const vocab = config.number('vocab_size_per_layer_input') ?? config.need('vocab')
  extra.parameters += vocab * layers * width + embed * layers * width + 2 * layers * embed * width
  extra.notes.push(`per-layer embeddings of ${width} are in extra_parameters`)
}

/** DeepSeek-V3.2 and its kin: an indexer picks the tokens that attention reads. */
function addIndexer(config: ConfigReader, { embed, layers }: { embed: number; layers: number }, extra: Extra): void {
  const top = config.number('index_topk')
  const heads = config.number('index_n_heads')
  const headDim = config.number('index_head_dim')
  if (top === null || heads === null || headDim === null) return
  extra.parameters += layers * ((config.number('q_lora_rank') ?? embed) * heads * headDim + embed * headDim + embed * heads)
  extra.unsupported.push(
    `index_topk=${top}: attention reads the ${top} tokens that an indexer picks; it is counted over all of them, and the indexer's cache (${2 * headDim * layers} bytes a token in bf16) apart from the KV bytes`,
  )
}
