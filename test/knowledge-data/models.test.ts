import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTsv } from '../../scripts/read-tsv.ts'
import type { PromptsError } from '../../src/errors.ts'
import { findModel, modelNames, resolveModel } from '../../src/knowledge/data/models.ts'
import type { LayerKind } from '../../src/planner/model/layer-groups.ts'
import { modelTerms } from '../../src/planner/model/model-terms.ts'
import { type ResolvedModel, sizeOf } from '../../src/planner/model/resolved-model.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'

test('the dims of every model give its published count within 2%, or the entry says why not', () => {
  expect(modelNames().length).toBeGreaterThanOrEqual(45)
  for (const name of modelNames()) {
    const entry = findModel(name)!
    const error = entry.parameters_billion === null ? 1 : Math.abs(modelTerms(entry.model).total / 1e9 / entry.parameters_billion - 1)
    if (entry.approximation === null) expect(error, name).toBeLessThan(0.02)
    else expect(error === 1 || error < 0.1, `${name} is ${(100 * error).toFixed(1)} % off`).toBe(true)
    if (error >= 0.02) expect(entry.approximation, name).toMatch(/count|size|name|rounded|hold/)
  }
})

test('dims that must divide one another do', () => {
  for (const name of modelNames()) {
    for (const { attention, mlp } of findModel(name)!.model.kinds) {
      if (attention && 'kv_heads' in attention) expect(attention.heads % attention.kv_heads, name).toBe(0)
      if (mlp?.kind === 'moe') expect(mlp.experts_per_token <= mlp.experts, name).toBe(true)
    }
  }
})

test('names and aliases are unique and case does not matter', () => {
  const seen = new Map<string, string>()
  for (const name of modelNames()) {
    for (const known of new Set([name, ...findModel(name)!.aliases].map((alias) => alias.toLowerCase()))) {
      expect(seen.get(known), `${known} names two models`).toBeUndefined()
      seen.set(known, name)
    }
  }
  expect(findModel('META-LLAMA/llama-2-70b-HF')?.name).toBe('llama2-70b')
  expect(findModel('llama4-maverick')?.model.moeLayers).toBe(24)
})

test('an experiment may give dims of its own, and defaults are filled in', () => {
  const dims = { layers: 2, embed: 64, mlp: 256, heads: 4, kv_heads: 2, head_dim: 16, vocab: 100 }
  expect(resolveModel(dims)).toMatchObject({
    name: null,
    layers: 2,
    tied_embeddings: false,
    kinds: [
      {
        count: 2,
        attention: { kind: 'full', heads: 4, kv_heads: 2, head_dim: 16 },
        mlp: { kind: 'dense', width: 256, gated: true },
      },
    ],
  })
})

test('an unknown model names the nearest', () => {
  try {
    resolveModel('lama2-70b')
    expect.unreachable()
  } catch (error) {
    expect((error as PromptsError).code).toBe('unknown_model')
    expect((error as PromptsError).hint).toContain('llama2-70b')
  }
})

test.skipIf(lacks('shared'))(needing('every decoder of the public measurements and compiler verdicts resolves', 'shared'), () => {
  // What is left is not a decoder, or a model that its source does not describe.
  const nameless = new Set(['(small LM)', 'flux-schnell'])
  for (const row of readTsv(readFileSync(join(sharedData, 'measured.tsv'), 'utf8'))) {
    if (!nameless.has(row.model!)) expect(findModel(row.model!), row.model).not.toBeNull()
  }
  const verdicts: { model_name: string; base_emb_dim: number; base_mlp_dim: number }[] = JSON.parse(
    readFileSync(join(sharedData, 'maxtext', 'aot_verdicts.json'), 'utf8'),
  )
  for (const verdict of verdicts) {
    const model = findModel(verdict.model_name)!.model
    expect({ embed: model.embed, mlp: model.kinds[0]!.mlp!.width }).toEqual({ embed: verdict.base_emb_dim, mlp: verdict.base_mlp_dim })
  }
})

test.skipIf(lacks('shared'))(needing('the dims agree with those that the public measurements state', 'shared'), () => {
  const sizes: Record<string, (model: ResolvedModel, layer: LayerKind) => number | undefined> = {
    L: (model) => model.layers,
    D: (model) => model.embed,
    V: (model) => model.vocab,
    F: (_, { mlp }) => mlp?.width,
    Fmoe: (_, { mlp }) => mlp?.width,
    Hq: (_, layer) => sizeOf.heads(layer),
    H: (_, layer) => sizeOf.heads(layer),
    Hkv: (_, layer) => sizeOf.kvHeads(layer),
    hd: (_, { attention }) => (attention && 'head_dim' in attention ? attention.head_dim : undefined),
  }
  for (const row of readTsv(readFileSync(join(sharedData, 'measured.tsv'), 'utf8'))) {
    const model = findModel(row.model!)?.model
    if (!model || !/^L\d/.test(row.dims!)) continue
    for (const part of row.dims!.split(' ')) {
      const [, key, value] = /^(Fmoe|Hkv|Hq|hd|L|D|F|V|H)(\d+)$/.exec(part) ?? []
      if (key)
        expect(
          model.kinds.map((layer) => sizes[key]!(model, layer)),
          `${row.model} ${part}`,
        ).toContain(Number(value))
    }
  }
})
