import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PromptsError } from '../../src/errors.ts'
import { parseHfConfig } from '../../src/experiment/import/hf/read-config.ts'
import { importHf } from '../../src/experiment/import/import-hf.ts'

const slice = { hardware: { chip: 'v5p', topology: 'v5p-128' } }
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
    expect(experiment?.model).toMatchObject({ layers: 32, head_dim: 128, experts: 8, experts_per_token: 2, mlp: 14336, gated_mlp: true })
    expect(notes.join(' ')).toMatch(/global_batch 64 is assumed/)
  })

  it('knows old names and ungated families', () => {
    const { experiment } = importHf({ model_type: 'gpt2', n_embd: 768, n_layer: 12, n_head: 12, vocab_size: 50257 }, 'config.json', slice)
    expect(experiment?.model).toMatchObject({ embed: 768, mlp: 3072, gated_mlp: false, kv_heads: 12 })
  })

  it('names the key that is missing', () => {
    expect(() => importHf({ ...mixtral, hidden_size: undefined }, 'config.json', slice)).toThrow(/hidden_size/)
    expect(() => importHf([], 'config.json', slice)).toThrow(/config.json/)
  })

  const facts = (config: Record<string, unknown>) => importHf(config, 'config.json', { hardware: null })
  const mla = { kv_lora_rank: 512, q_lora_rank: 768, qk_nope_head_dim: 64, qk_rope_head_dim: 32, v_head_dim: 64 }

  it('knows latent attention by its keys, whatever the family', () => {
    expect(facts({ ...mixtral, ...mla, model_type: 'new_thing' }).facts.kv_bytes_per_token).toBe(32 * (512 + 32) * 2)
  })

  it('takes a window only where it is in use, and on the layers that the pattern names', () => {
    const windowed = { ...mixtral, sliding_window: 1024 }
    expect(facts({ ...windowed, use_sliding_window: false }).facts.window_layers).toBeNull()
    expect(facts(windowed).facts.window_layers).toEqual({ count: 32, window: 1024 })
    expect(facts({ ...windowed, sliding_window_pattern: 4 }).facts.window_layers).toEqual({ count: 24, window: 1024 })
    expect(facts({ ...windowed, max_position_embeddings: 1024 }).facts.window_layers).toBeNull()
    expect(facts({ ...windowed, use_sliding_window: true, max_window_layers: 20 }).facts.window_layers).toEqual({ count: 12, window: 1024 })
  })

  it('counts what stands beside the experts of a layer', () => {
    const own = facts(mixtral).facts
    const beside = (width: number) => own.active_parameters + 32 * 3 * 4096 * width
    expect(facts({ ...mixtral, moe_intermediate_size: 14336, residual_moe: true }).facts.active_parameters).toBe(beside(14336))
    expect(facts({ ...mixtral, parallel_attn_mlp_res: true }).facts.active_parameters).toBe(beside(4096))
    expect(facts({ ...mixtral, moe_layer_frequency: 2 }).facts.parameters).toBeLessThan(0.6 * own.parameters)
  })

  it('counts one cache for the layers that share it', () => {
    const shared = facts({ ...mixtral, use_cla: true, cla_share_factor: 4 })
    expect(shared.facts.kv_bytes_per_token).toBe(facts(mixtral).facts.kv_bytes_per_token / 4)
    expect(shared.facts.unsupported).toEqual([])
  })

  it('reads widths that differ by layer', () => {
    const { num_local_experts: _, num_experts_per_tok: __, intermediate_size: ___, num_hidden_layers: ____, ...dense } = mixtral
    const lists = { num_transformer_layers: 2, ffn_multipliers: [0.5, 4], ffn_dim_divisor: 256, share_input_output_layers: true }
    const { experiment } = importHf({ ...dense, ...lists }, 'config.json', slice)
    const layers = experiment?.model as { layers: { layers: { mlp: { width: number } }[] }[]; tied_embeddings: boolean }
    expect(layers.layers.map(({ layers: [layer] }) => layer!.mlp.width)).toEqual([2048, 16384])
    expect(layers.tied_embeddings).toBe(true)
  })

  it('says how it took embeddings that the config says nothing of', () => {
    expect(facts(mixtral).notes.join()).toMatch(/no tie_word_embeddings.*counted beside/)
    expect(facts({ ...mixtral, tie_word_embeddings: true }).notes.join()).not.toContain('tie_word_embeddings')
  })

  it('takes the decoder out of its wrappers, and names the towers that it leaves', () => {
    const { facts: inner, notes } = facts({ model_type: 'x_vl', text_config: mixtral, vision_config: { depth: 3 } })
    expect(inner.parameters).toBe(facts(mixtral).facts.parameters)
    expect(notes.join()).toContain('vision_config')
  })

  it('plans published weights in their own type where they are served', () => {
    const config = { ...mixtral, torch_dtype: 'bfloat16', quantization_config: { quant_method: 'fp8' } }
    expect(importHf(config, 'c', { ...slice, phase: 'decode' }).experiment?.run.weight_dtype).toBe('fp8')
    expect(
      importHf({ ...config, quantization_config: { quant_method: 'mxfp4' } }, 'c', { ...slice, phase: 'decode' }).experiment?.run
        .weight_dtype,
    ).toBe('fp4')
    expect(importHf(config, 'c', slice).experiment?.run.weight_dtype).toBeUndefined()
  })

  it('names keys that it did not read, and what it read and cannot say', () => {
    const { notes, facts: said } = facts({ ...mixtral, wormholes: 7, index_topk: 64, index_n_heads: 4, index_head_dim: 128 })
    expect(notes.join()).toContain('wormholes')
    expect(said.unsupported.join()).toContain('index_topk=64')
  })

  it.each([
    [{ model_type: 'bert', hidden_size: 768 }, /encoder/],
    [{ model_type: 'whisper', is_encoder_decoder: true }, /audio/],
    [{ _class_name: 'FluxTransformer2DModel' }, /diffusion/],
    [{ ...mixtral, layer_types: ['conv', 'full_attention'] }, /"conv"/],
    [{ ...mixtral, model_type: 'rwkv' }, /recurrent/],
    [{ ...mixtral, model_type: 'new_thing', attn_type_list: [0, 1] }, /lightning attention/],
    [{ ...mixtral, model_type: 'new_thing', mamba_d_state: 64 }, /nothing says which layers/],
    [{ ...mixtral, model_type: 'new_thing', linear_attn_config: { num_heads: 4 } }, /linear_attn_config/],
    [{ ...mixtral, model_type: 'new_thing', cross_attention_layers: [3] }, /another stack's tokens/],
    [{ ...mixtral, kv_lora_rank: 64, qk_nope_head_dim: 64 }, /without qk_rope_head_dim/],
  ])('refuses %j by name', (config, reason) => {
    expect(() => facts(config)).toThrow(reason)
  })

  it('reads the bare Infinity and NaN that Python writes, but not inside a string', () => {
    expect(parseHfConfig('{"a": [0.0, Infinity, -Infinity, NaN], "b": "Infinity \\" NaN"}', 'c')).toEqual({
      a: [0, null, null, null],
      b: 'Infinity " NaN',
    })
  })

  it('answers any mutation with facts or a coded error', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(mixtral)), fc.jsonValue(), (key, value) => {
        try {
          const { facts: read } = facts({ ...mixtral, [key]: value })
          expect(read.parameters).toBeGreaterThan(0)
        } catch (error) {
          expect((error as PromptsError).code).toMatch(/^bad_/)
        }
      }),
    )
  })
})
