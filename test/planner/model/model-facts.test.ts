import { describe, expect, it } from 'vitest'
import type { Attention, Model } from '../../../src/contract/model.ts'
import { modelFacts } from '../../../src/planner/model/model-facts.ts'
import { resolveLayers } from '../../../src/planner/model/resolved-model.ts'

const factsOf = (model: Omit<Model, 'embed' | 'vocab'> & Partial<Model>) => modelFacts(resolveLayers({ embed: 1000, vocab: 10, ...model }))
const plain = { heads: 8, kv_heads: 2, head_dim: 64 }
const mlp = { kind: 'dense', width: 100 } as const

describe('modelFacts', () => {
  it('counts the weights of every layer and both tables', () => {
    const { parameters, activeParameters } = factsOf({ layers: 2, mlp: 100, ...plain })
    expect(parameters).toBe(2 * 10 * 1000 + 2 * (1000 * 64 * (8 + 2 + 2 + 8) + 3 * 1000 * 100))
    expect(activeParameters).toBe(parameters)
  })

  it('leaves out of the active ones the experts that a token does not visit', () => {
    const moe = { kind: 'moe', experts: 16, experts_per_token: 2, width: 100, shared_width: 50, gated: false } as const
    const { parameters, activeParameters } = factsOf({ layers: [{ repeat: 3, layers: [{ attention: null, mlp: moe }] }] })
    expect(parameters - activeParameters).toBe(3 * 14 * 2 * 1000 * 100)
  })

  it('holds keys and values of the layers that see everything, and those of windows apart', () => {
    const layers = (kind: 'full' | 'window', window?: number): { attention: Attention; mlp: typeof mlp } => ({
      attention: { kind, ...plain, ...(window ? { window } : {}) },
      mlp,
    })
    const facts = factsOf({ layers: [{ repeat: 4, layers: [layers('window', 512), layers('window', 512), layers('full')] }] })
    expect(facts.kvBytesPerToken).toBe(4 * 2 * 2 * 2 * 64)
    expect(facts.windowLayers).toEqual({ count: 8, window: 512, bytesPerToken: 8 * 2 * 2 * 2 * 64 })
  })

  it('holds a latent for MLA, and nothing where the cache of another layer is read', () => {
    const mla = { kind: 'mla', heads: 16, kv_lora_rank: 512, qk_nope_head_dim: 128, qk_rope_head_dim: 64, v_head_dim: 128 } as const
    expect(factsOf({ layers: [{ repeat: 5, layers: [{ attention: mla, mlp }] }] }).kvBytesPerToken).toBe(5 * 576 * 2)
    const shared = { kind: 'full', ...plain, shares_kv: true } as const
    expect(factsOf({ layers: [{ repeat: 5, layers: [{ attention: shared, mlp }] }] }).kvBytesPerToken).toBe(0)
  })

  it('keeps a state for linear layers, which no token adds to', () => {
    const dims = {
      linear_num_key_heads: 2,
      linear_num_value_heads: 4,
      linear_key_head_dim: 8,
      linear_value_head_dim: 16,
      linear_conv_kernel_dim: 4,
    }
    const linear = { kind: 'linear', variant: 'gated_delta', dims } as const
    const facts = factsOf({ layers: [{ repeat: 3, layers: [{ attention: linear, mlp }] }] })
    expect(facts).toMatchObject({ kvBytesPerToken: 0, linearLayers: 3 })
    expect(facts.stateBytes).toBe(3 * (4 * 8 * 4 * 16 + 2 * (2 * 16 + 64) * 3))
  })
})
