import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { inferJob } from '../../../src/hlo/infer/infer-job.ts'
import type { HloModule } from '../../../src/hlo/types.ts'
import { type Input, moduleOfInputs } from '../../support/module-of-inputs.ts'
import { projectRoot } from '../../support/needs.ts'
import { scoreLikely } from '../../support/score-likely.ts'
import { scoreMaxTextModules, scoreModules } from '../../support/score-modules.ts'

const values = (job: ReturnType<typeof inferJob>) =>
  Object.fromEntries(
    Object.entries(job).map(([key, found]) => [key, found !== null && typeof found === 'object' && 'value' in found ? found.value : found]),
  )
const mesh = (module: HloModule) =>
  Object.fromEntries(Object.entries(inferJob(module).mesh ?? {}).flatMap(([axis, { value }]) => (value > 1 ? [[axis, value]] : [])))

/** MaxText's inputs for a dense model, scanned over its second axis, on data x tensor devices. */
const maxText = (data: number, tensor: number): HloModule => {
  const w = (path: string) => `state.params['params']['decoder']${path}`
  const split = [data, tensor]
  return moduleOfInputs(data * tensor, [
    ["state.params['params']['token_embedder']['embedding']", 'f32', [32000, 4096], [tensor, data]],
    [w("['decoder_norm']['scale']"), 'f32', [4096], [data]],
    [w("['logits_dense']['kernel']"), 'f32', [4096, 32000], [data, tensor]],
    [w("['layers']['pre_self_attention_layer_norm']['scale']"), 'f32', [4096, 24], [data, 1]],
    [w("['layers']['self_attention']['query']['kernel']"), 'f32', [4096, 24, 32, 128], [data, 1, tensor, 1]],
    [w("['layers']['self_attention']['key']['kernel']"), 'f32', [4096, 24, 8, 128], [data, 1, tensor, 1]],
    [w("['layers']['self_attention']['value']['kernel']"), 'f32', [4096, 24, 8, 128], [data, 1, tensor, 1]],
    [w("['layers']['self_attention']['query_norm']['scale']"), 'f32', [128, 24], [1, 1]],
    [w("['layers']['self_attention']['out']['kernel']"), 'f32', [32, 24, 128, 4096], [tensor, 1, 1, data]],
    [w("['layers']['mlp']['wi_0']['kernel']"), 'f32', [4096, 24, 11008], [data, 1, tensor]],
    [w("['layers']['mlp']['wi_1']['kernel']"), 'f32', [4096, 24, 11008], [data, 1, tensor]],
    [w("['layers']['mlp']['wo']['kernel']"), 'f32', [11008, 24, 4096], [tensor, 1, data]],
    ["state.opt_state[0].mu['params']['decoder']['layers']['mlp']['wi_0']['kernel']", 'f32', [4096, 24, 11008], [data, 1, tensor]],
    ["state.opt_state[0].nu['params']['decoder']['layers']['mlp']['wi_0']['kernel']", 'f32', [4096, 24, 11008], [data, 1, tensor]],
    ["data['inputs']", 's32', [64, 2048], [split[0]!, 1]],
    ["data['inputs_position']", 's32', [64, 2048], [split[0]!, 1]],
  ])
}

describe('inferJob', () => {
  it('reads every recorded module: mesh, dimensions, batch and sequence, and nothing wrong that it calls sure', () => {
    const { scores, wrong } = scoreModules(join(projectRoot, 'bench/recorded'))
    const share = (name: string) => {
      const score = scores.find((one) => one.name === name)!
      return score.right / score.modules
    }
    expect(scores.find((one) => one.name === 'mesh')!.modules).toBeGreaterThanOrEqual(50)
    for (const name of ['mesh', 'layers', 'embed', 'mlp', 'heads', 'kv_heads', 'head_dim', 'vocab', 'experts'])
      expect(share(name), name).toBeGreaterThanOrEqual(0.95)
    for (const name of ['global_batch', 'seq_len']) expect(share(name), name).toBeGreaterThanOrEqual(0.9)
    expect(
      scores.reduce((sum, one) => sum + one.wrongButSure, 0),
      wrong.join('\n'),
    ).toBe(0)
  }, 120_000)

  it("reads MaxText's own forms: pipelines, patterns of layers, experts; what recomputation keeps is open, not guessed", () => {
    const recorded = join(projectRoot, 'bench/recorded')
    const { scores, wrong } = scoreMaxTextModules(recorded, join(recorded, 'modules/maxtext'))
    expect(scores.find((one) => one.name === 'mesh')).toMatchObject({ modules: 4, right: 4 })
    expect(scores.find((one) => one.name === 'pipeline_microbatches')).toMatchObject({ modules: 1, right: 1 })
    expect(scores.find((one) => one.name === 'remat')).toMatchObject({ modules: 4, right: 3, open: 1 })
    expect(wrong).toEqual([])
  }, 60_000)

  it('does not take latent attention for plain attention, whatever its queries are called', () => {
    const w = (path: string) => `state.params['params']['decoder']['layers']['self_attention']['${path}']['kernel']`
    const { entry } = maxText(8, 4)
    const { entry: latents } = moduleOfInputs(32, [[w('wkv_a'), 'f32', [4096, 24, 576], [8, 1, 1]]])
    const module = { ...maxText(8, 4), entry: { ...entry, instructions: [...entry.instructions, ...latents.instructions] } }
    expect(values(inferJob(module))).toMatchObject({ layers: 24, mlp: 11008, heads: null, kvHeads: null, headDim: null })
    expect(inferJob(module).open.find(({ name }) => name === 'heads')?.why).toMatch(/latent attention/)
  })

  it("knows MaxText's names and its order of axes", () => {
    const job = inferJob(maxText(8, 4))
    expect(values(job)).toMatchObject({
      ...{
        phase: 'train',
        layers: 24,
        embed: 4096,
        mlp: 11008,
        heads: 32,
        kvHeads: 8,
        headDim: 128,
        vocab: 32000,
        gated: true,
        tied: false,
      },
      ...{ globalBatch: 64, seqLen: 2048, optimizer: 'adamw', experts: null },
    })
    expect(mesh(maxText(8, 4))).toEqual({ data: 8, model: 4 })
  })

  it('tells experts from the attention beside them, and the expert axis from the data axis', () => {
    const layer = (path: string) => `params['decoder']['layers']${path}`
    const module = moduleOfInputs(32, [
      ["params['token_embedder']['embedding']", 'bf16', [32000, 4096], [1, 32]],
      ["params['decoder']['decoder_norm']['scale']", 'bf16', [4096], [1]],
      [layer("['pre_self_attention_layer_norm']['scale']"), 'bf16', [4096, 16], [1, 1]],
      [layer("['self_attention']['query']['kernel']"), 'bf16', [4096, 16, 32, 128], [32, 1, 1, 1]],
      [layer("['self_attention']['key']['kernel']"), 'bf16', [4096, 16, 8, 128], [32, 1, 1, 1]],
      [layer("['MoeBlock_0']['gate']['kernel']"), 'bf16', [4096, 16, 8], [32, 1, 1]],
      [layer("['MoeBlock_0']['wi_0']"), 'bf16', [8, 16, 4096, 14336], [4, 1, 8, 1]],
      [layer("['MoeBlock_0']['wi_1']"), 'bf16', [8, 16, 4096, 14336], [4, 1, 8, 1]],
      ["data['inputs']", 's32', [64, 4096], [32, 1]],
    ])
    expect(values(inferJob(module))).toMatchObject({
      experts: 8,
      mlp: 14336,
      layers: 16,
      denseLayers: 0,
      phase: 'prefill',
      expertsPerToken: null,
    })
    expect(mesh(module)).toEqual({ data: 8, expert: 4 })
    expect(inferJob(module).open.map((one) => one.name)).toContain('experts_per_token')
  })

  it('counts replicas where weights are not split and the batch is', () => {
    const module = moduleOfInputs(16, [
      ["params['embedding']", 'bf16', [1000, 512], [1, 4]],
      ["params['final_norm']", 'bf16', [512], [1]],
      ["params['layers']['norm']", 'bf16', [6, 512], [1, 1]],
      ["params['layers']['query']", 'bf16', [6, 512, 8, 64], [1, 4, 1, 1]],
      ["batch['tokens']", 's32', [32, 128], [16, 1]],
    ])
    expect(mesh(module)).toEqual({ replica: 4, data: 4 })
  })

  it('counts the layers of patterns, remainders and pipeline stages, and takes no width for all where layers differ', () => {
    const w = (path: string) => `state['model']['decoder']${path}.value`
    const layer = (at: string, stack: number[], heads = 8): Input[] => {
      const one = stack.map(() => 1)
      return [
        [w(`${at}['pre_self_attention_norm']['scale']`), 'f32', [2560, ...stack], [1, ...one]],
        [w(`${at}['pre_ffw_norm']['scale']`), 'f32', [2560, ...stack], [1, ...one]],
        [w(`${at}['self_attention']['query_norm']['scale']`), 'f32', [256, ...stack], [1, ...one]],
        [w(`${at}['self_attention']['query']['kernel']`), 'f32', [2560, ...stack, heads, 256], [4, ...one, 1, 1]],
        [w(`${at}['mlp']['wi_0']['kernel']`), 'f32', [2560, ...stack, 10240], [4, ...one, 1]],
      ]
    }
    const job = (...layers: Input[][]) =>
      inferJob(
        moduleOfInputs(4, [
          [w("['decoder_norm']['scale']"), 'f32', [2560], [1]],
          ["data['inputs']", 's32', [8, 1024], [4, 1]],
          ...layers.flat(),
        ]),
      )
    const pattern = Array.from({ length: 6 }, (_, i) => layer(`['layers']['layers_${i}']`, [5]))
    const remainder = Array.from({ length: 4 }, (_, i) => layer(`['layers_remainder']['layers_${i}']`, []))
    expect(job(...pattern, ...remainder)).toMatchObject({ layers: { value: 34, certainty: 'sure' }, heads: { value: 8 } })
    expect(job(layer("['scanned_blocks']['local_layers']", [5, 5]), layer("['scanned_blocks']['global_layer']", [5], 16))).toMatchObject({
      ...{ layers: { value: 30, certainty: 'sure' }, heads: null, headDim: null, mlp: { value: 10240 } },
    })
    const stages = Array.from({ length: 10 }, (_, i) => layer(`['pipeline_module']['layers']['layers_${i}']`, [4]))
    expect(job(...stages).layers).toMatchObject({ value: 40, certainty: 'sure' })
    const torch = Array.from({ length: 3 }, (_, i): Input[] => [
      [`params['model']['layers']['${i}']['input_layernorm']['weight']`, 'bf16', [2560], [1]],
      [`params['model']['layers']['${i}']['self_attn']['q_proj']['weight']`, 'bf16', [2560, 8, 256], [4, 1, 1]],
    ])
    expect(job(...torch).layers).toMatchObject({ value: 3 })
  })

  it('says nothing of a program that it does not know', () => {
    const job = inferJob(moduleOfInputs(8, [['ws[0]', 'f32', [5, 1024, 1024], [1, 1, 8]]]))
    expect(job).toMatchObject({ embed: null, layers: null, mesh: null, phase: null })
    expect(job.open.map((one) => one.name)).toEqual(expect.arrayContaining(['phase', 'mesh', 'layers']))
  })
})

describe('likely answers', () => {
  it('have the true batch and sequence of nine in ten recorded modules whose tokens have no name, and call no mesh sure', () => {
    const { scores, wrongButSure } = scoreLikely(join(projectRoot, 'bench/recorded/modules'))
    expect(wrongButSure).toEqual([])
    for (const { name, asked, among } of scores) {
      expect(asked, name).toBeGreaterThan(30)
      expect(among / asked, name).toBeGreaterThanOrEqual(0.9)
    }
  }, 120_000)
})
