import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Layer } from '../../../src/contract/model.ts'
import { everyLayer, groupLayers, layerGroups, layerKinds } from '../../../src/planner/model/layer-groups.ts'

const window: Layer = {
  attention: { kind: 'window', heads: 8, kv_heads: 4, head_dim: 64, window: 1024 },
  mlp: { kind: 'dense', width: 4096 },
}
const global: Layer = { attention: { kind: 'full', heads: 8, kv_heads: 4, head_dim: 64 }, mlp: { kind: 'dense', width: 4096 } }
const bare: Layer = { attention: null, mlp: { kind: 'dense', width: 512 } }

describe('groupLayers', () => {
  it('finds the pattern of 5 windowed layers and a global one, and what is left of it', () => {
    const layers = Array.from({ length: 34 }, (_, i) => ((i + 1) % 6 === 0 ? global : window))
    expect(groupLayers(layers)).toEqual([
      { repeat: 5, layers: [window, window, window, window, window, global] },
      { repeat: 4, layers: [window] },
    ])
  })

  it('loses and reorders nothing, whatever the layers', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(window, global, bare), { minLength: 1, maxLength: 80 }), (layers) => {
        expect(everyLayer(groupLayers(layers))).toEqual(layers)
      }),
    )
  })
})

describe('layerKinds', () => {
  it('counts equal layers together wherever they stand, and takes a gate that is not named for one', () => {
    const named: Layer = { ...global, mlp: { kind: 'dense', width: 4096, gated: true } }
    const kinds = layerKinds([
      { repeat: 2, layers: [window, global] },
      { repeat: 3, layers: [named] },
    ])
    expect(kinds.map(({ count }) => count)).toEqual([2, 5])
  })

  it('of a flat MoE with leading dense layers are two: those as wide as what a token uses of the others', () => {
    const groups = layerGroups({
      layers: 10,
      embed: 64,
      vocab: 100,
      mlp: 32,
      heads: 4,
      kv_heads: 4,
      head_dim: 16,
      experts: 8,
      experts_per_token: 2,
      shared_experts: 1,
      dense_layers: 3,
    })
    expect(layerKinds(groups).map(({ count, mlp }) => [count, mlp?.kind, mlp?.width])).toEqual([
      [3, 'dense', 96],
      [7, 'moe', 32],
    ])
  })
})
