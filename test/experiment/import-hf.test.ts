import { describe, expect, it } from 'vitest'
import { importHf } from '../../src/experiment/import/import-hf.ts'

const slice = { chip: 'v5p', topology: 'v5p-128' }
const mixtral = {
  model_type: 'mixtral',
  hidden_size: 4096,
  intermediate_size: 14336,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 32000,
  num_local_experts: 8,
  num_experts_per_tok: 2,
  rope_theta: 1e6,
}

describe('importHf', () => {
  it('reads a MoE and notes what it assumed', () => {
    const { experiment, notes } = importHf(mixtral, 'config.json', slice)
    expect(experiment.model).toMatchObject({ layers: 32, head_dim: 128, experts: 8, experts_per_token: 2, mlp: 14336, gated_mlp: true })
    expect(notes.join(' ')).toMatch(/global_batch 64 is assumed/)
  })

  it('knows old names and ungated families', () => {
    const { experiment } = importHf({ model_type: 'gpt2', n_embd: 768, n_layer: 12, n_head: 12, vocab_size: 50257 }, 'config.json', slice)
    expect(experiment.model).toMatchObject({ embed: 768, mlp: 3072, gated_mlp: false, kv_heads: 12 })
  })

  it('names the key that is missing', () => {
    expect(() => importHf({ ...mixtral, hidden_size: undefined }, 'config.json', slice)).toThrow(/hidden_size/)
    expect(() => importHf([], 'config.json', slice)).toThrow(/config.json/)
  })
})
