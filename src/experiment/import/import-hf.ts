import { z } from 'zod'
import { type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import type { Imported } from './imported.ts'

const int = z.int().min(0).max(1e12).nullish()

/** The keys of a Hugging Face `config.json` that decide a decoder's size; all others are passed over. */
const configSchema = z.object({
  model_type: z.string().max(100).nullish(),
  _name_or_path: z.string().max(500).nullish(),
  hidden_size: int,
  n_embd: int,
  intermediate_size: int,
  n_inner: int,
  moe_intermediate_size: int,
  num_hidden_layers: int,
  n_layer: int,
  num_attention_heads: int,
  n_head: int,
  num_key_value_heads: int,
  head_dim: int,
  vocab_size: int,
  tie_word_embeddings: z.boolean().nullish(),
  num_local_experts: int,
  num_experts: int,
  n_routed_experts: int,
  num_experts_per_tok: int,
  n_shared_experts: int,
  first_k_dense_replace: int,
  sliding_window: int,
  max_position_embeddings: int,
})

export interface HfImportOptions {
  id?: string
  chip: string
  topology: string
  phase?: string
  globalBatch?: number
  seqLen?: number
}

/** Families whose MLP has two matrices instead of three. */
const ungated = new Set(['gpt2', 'gpt_neo', 'gpt_neox', 'gptj', 'opt', 'bloom', 'falcon', 'phi', 'mpt', 'starcoder2', 'nemotron'])

/**
 * Makes an experiment from a Hugging Face `config.json` and the slice it is to run on. What the file does not hold (batch, sequence) is assumed and noted.
 * @throws PromptsError `bad_log` naming the key that is missing.
 */
export function importHf(data: unknown, what: string, options: HfImportOptions): Imported {
  const nested = typeof data === 'object' && data !== null && 'text_config' in data ? (data as { text_config: unknown }).text_config : data
  const config = parseWithSchema(configSchema, nested, what, 'bad_log')
  const notes: string[] = []
  const must = (name: string, ...values: (number | null | undefined)[]): number => {
    const value = values.find((one) => one !== null && one !== undefined)
    if (value === undefined || value === null || value < 1)
      throw new PromptsError('bad_log', `${what}: no ${name}`, {
        hint: "Give the config.json of a decoder-only language model, as it lies in the model's repository.",
      })
    return value
  }
  const embed = must('hidden_size', config.hidden_size, config.n_embd)
  const heads = must('num_attention_heads', config.num_attention_heads, config.n_head)
  const experts = config.num_local_experts ?? config.num_experts ?? config.n_routed_experts ?? 1
  const family = config.model_type ?? 'unknown'
  if (experts > 1) notes.push('mlp is the width of one expert')
  if (family.startsWith('deepseek')) notes.push('multi-head latent attention is counted as plain attention with these heads')
  const globalBatch = options.globalBatch ?? 64
  const seqLen = options.seqLen ?? 4096
  if (options.globalBatch === undefined) notes.push(`global_batch ${globalBatch} is assumed: set --global-batch`)
  if (options.seqLen === undefined) notes.push(`seq_len ${seqLen} is assumed: set --seq-len`)
  const id =
    options.id ??
    (`${config._name_or_path?.split('/').at(-1) ?? family}-${options.topology}`
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 128) ||
      'imported')
  const experiment: unknown = {
    id,
    hardware: { chip: options.chip, topology: options.topology },
    phase: options.phase ?? 'train',
    model: {
      name: config._name_or_path?.split('/').at(-1) || family,
      layers: must('num_hidden_layers', config.num_hidden_layers, config.n_layer),
      embed,
      mlp:
        experts > 1
          ? must('moe_intermediate_size', config.moe_intermediate_size, config.intermediate_size)
          : must('intermediate_size', config.intermediate_size, config.n_inner, config.n_embd ? 4 * config.n_embd : null),
      heads,
      kv_heads: config.num_key_value_heads ?? heads,
      head_dim: config.head_dim ?? Math.floor(embed / heads),
      vocab: must('vocab_size', config.vocab_size),
      gated_mlp: !ungated.has(family),
      tied_embeddings: config.tie_word_embeddings ?? false,
      ...(experts > 1
        ? {
            experts,
            experts_per_token: must('num_experts_per_tok', config.num_experts_per_tok),
            shared_experts: config.n_shared_experts ?? 0,
            dense_layers: config.first_k_dense_replace ?? 0,
          }
        : {}),
      ...(config.sliding_window ? { attention_window: config.sliding_window } : {}),
    },
    run: { global_batch: globalBatch, seq_len: seqLen },
  }
  return { experiment: parseWithSchema<Experiment>(experimentSchema, experiment, what, 'bad_log'), notes }
}
