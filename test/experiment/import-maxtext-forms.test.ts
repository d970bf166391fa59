import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PromptsError } from '../../src/errors.ts'
import { importMaxText } from '../../src/experiment/import/import-maxtext.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'

type Settings = Record<string, string | number | boolean>

const job: Settings = {
  model_name: 'llama2-70b',
  run_name: 'job-7',
  compile_topology: 'v5p-128',
  per_device_batch_size: 2,
  max_target_length: 4096,
  ici_fsdp_parallelism: 16,
  ici_tensor_parallelism: 4,
  remat_policy: 'custom',
  decoder_layer_input: 'offload',
  query_proj: 'offload',
  optimizer_memory_host_offload: true,
  num_vocab_tiling: 16,
  quantization: 'fp8_full',
  use_qwix_quantization: true,
  mu_dtype: 'bfloat16',
  fused_mlp: true,
}

const asLog = (settings: Settings): string => {
  const printed = {
    num_target_devices: 64,
    global_batch_size_to_train_on: 128,
    emb_dim: 8192,
    num_decoder_layers: 80,
    num_query_heads: 64,
    vocab_size: 32000,
    num_experts: 1,
  }
  const place = (value: unknown) =>
    value === 'offload' ? 'RematLocation.OFFLOAD' : value === true ? 'True' : value === 'fp8_full' ? 'QuantizationType.FP8_FULL' : value
  return Object.entries({ ...settings, ...printed, query_wa_proj: 'RematLocation.REMAT' })
    .map(([name, value]) => `I1125 10:00:00.000000 1 pyconfig.py:1] Config param ${name}: ${place(value)}`)
    .join('\n')
}
const asYaml = (settings: Settings) =>
  Object.entries(settings)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
const words = (settings: Settings) => Object.entries(settings).map(([name, value]) => `${name}=${value}`)
const asCommand = (settings: Settings) =>
  `python3 -m maxtext.trainers.pre_train.train configs/base.yml \\\n  ${words(settings).join(' \\\n  ')}`
const asLauncher = ({ compile_topology: topology, ...settings }: Settings) =>
  `xpk workload create --cluster c --workload w --tpu-type=${topology} --num-slices=1 --command "export LIBTPU_INIT_ARGS=''; python3 -m maxtext.trainers.pre_train.train configs/base.yml ${words(settings).join(' ')}"`
const asRecipe = ({ model_name: model, ...settings }: Settings) =>
  `m = MaxTextModel(\n  model_name="recipe",\n  model_type="${model}",\n  tuning_params={\n${Object.entries(settings)
    .map(([name, value]) => `    "${name}": ${typeof value === 'string' ? `"${value}"` : value === true ? 'True' : value},`)
    .join('\n')}\n  },\n)\n`

const forms = { YAML: asYaml, 'a command': asCommand, 'a launcher': asLauncher, 'a recipe': asRecipe }

describe('one MaxText job', () => {
  const expected = importMaxText(asLog(job), 'log')

  it.each(Object.entries(forms))('is the same experiment as %s as it is as a log', (_, write) => {
    const { experiment, notes } = importMaxText(write(job), 'text')
    expect(experiment).toEqual(expected.experiment)
    for (const one of [notes, expected.notes]) expect(one.join('\n')).toContain('fused_mlp=true')
  })

  it.each(Object.entries(forms))('of another shape too, as %s', (_, write) => {
    const other = {
      model_name: 'qwen3-0.6b',
      compile_topology: 'v6e-16',
      per_device_batch_size: 8,
      max_target_length: 2048,
      ici_fsdp_parallelism: -1,
      remat_policy: 'minimal',
      gradient_accumulation_steps: 2,
    }
    const { experiment } = importMaxText(write(other), 'text')
    expect(experiment).toMatchObject({
      id: 'qwen3-0.6b-v6e-16',
      model: 'qwen3-0.6b',
      mesh: { data: 16 },
      run: { global_batch: 256, microbatches: 2, seq_len: 2048, remat: 'minimal' },
    })
  })

  it('keeps what the host holds, custom tensors, vocabulary tiling and quantized products', () => {
    expect(expected.experiment.run).toMatchObject({
      matmul_dtype: 'fp8',
      optimizer_dtype: 'bf16',
      remat: 'custom',
      flags: { optimizer_memory_host_offload: 'true', num_vocab_tiling: '16', decoder_layer_input: 'offload', query_proj: 'offload' },
    })
  })
})

describe('the model of settings', () => {
  const importCommand = (settings: Settings) => importMaxText(asCommand({ compile_topology: 'v5p-64', ...settings }), 'command').experiment

  it('is described by layers where its dims are its own', () => {
    const { model } = importCommand({
      model_name: 'default',
      attention_type: 'mla',
      base_num_decoder_layers: 8,
      base_emb_dim: 1024,
      base_num_query_heads: 8,
      num_experts: 16,
      num_experts_per_tok: 2,
      base_moe_mlp_dim: 512,
      base_mlp_dim: 2048,
      shared_experts: 1,
      first_num_dense_layers: 2,
      interleave_moe_layer_step: 1,
    })
    expect(model).toMatchObject({
      embed: 1024,
      layers: [
        { repeat: 2, layers: [{ attention: { kind: 'mla', kv_lora_rank: 512 }, mlp: { kind: 'dense', width: 2048 } }] },
        { repeat: 6, layers: [{ mlp: { kind: 'moe', experts: 16, width: 512, shared_width: 512 } }] },
      ],
    })
  })

  it('interleaves experts and scales its base dims', () => {
    const { model } = importCommand({
      model_name: 'default',
      num_experts: 4,
      num_experts_per_tok: 1,
      interleave_moe_layer_step: 2,
      base_num_decoder_layers: 4,
    })
    expect(model).toMatchObject({ layers: [{ repeat: 2, layers: [{ mlp: { kind: 'dense' } }, { mlp: { kind: 'moe' } }] }] })
    expect(importCommand({ model_name: 'default', global_parameter_scale: 8 }).model).toMatchObject({ embed: 4096, layers: 32, heads: 32 })
  })
})

describe('a job of a named model', () => {
  const job = { compile_topology: 'v5p-64', per_device_batch_size: 4, max_target_length: 4096, ici_fsdp_parallelism: -1 }
  const read = (settings: Settings) => importMaxText(asCommand({ ...job, ...settings }), 'command')

  it('keeps what it does not override, layer by layer', () => {
    const { experiment, notes } = read({
      model_name: 'deepseek3-671b',
      override_model_config: true,
      base_num_decoder_layers: 10,
      first_num_dense_layers: 2,
      num_experts: 64,
      interleave_moe_layer_step: 2,
    })
    expect(experiment.model).toMatchObject({
      embed: 7168,
      layers: [
        { repeat: 2, layers: [{ attention: { kind: 'mla', heads: 128 }, mlp: { kind: 'dense', width: 18432 } }] },
        { repeat: 8, layers: [{ mlp: { kind: 'moe', experts: 64, width: 2048, shared_width: 2048 } }] },
      ],
    })
    expect(notes.join()).toContain('interleave_moe_layer_step=2 stands beside a model of the library')
  })

  it('cuts and goes on with patterns, and changes only the layers that have the dim', () => {
    const { model } = read({
      model_name: 'gemma3-12b',
      base_num_decoder_layers: 50,
      sliding_window_size: 512,
      vocab_size: 131072,
    }).experiment
    const { layers, vocab } = model as Extract<typeof model, object>
    const [whole, rest] = layers as { repeat: number; layers: { attention: { kind: string; window?: number } }[] }[]
    expect([vocab, whole!.repeat, rest!.repeat]).toEqual([131072, 8, 2])
    expect(whole!.layers.map(({ attention }) => attention.window ?? attention.kind)).toEqual([512, 512, 512, 512, 512, 'full'])
  })

  it('is the name alone where nothing differs, also by the names that only MaxText has', () => {
    expect(read({ model_name: 'mixtral-8x7b', num_experts: 8, base_num_kv_heads: 8 }).experiment.model).toBe('mixtral-8x7b')
    expect(read({ model_name: 'deepseek3-671b-2dfsdp' }).experiment.model).toBe('deepseek3-671b-2dfsdp')
  })

  it('is refused where neither the library nor the text says its dims', () => {
    expect(() => read({ model_name: 'lama3-8b' })).toThrow(
      expect.objectContaining({ code: 'bad_log', hint: expect.stringContaining('llama3-8b') }),
    )
    const own = { base_emb_dim: 512, base_num_decoder_layers: 2, base_num_query_heads: 4 }
    expect(read({ model_name: 'lama3-8b', ...own }).experiment.model).toMatchObject({ embed: 512, layers: 2, heads: 4 })
  })

  it('names a setting that nobody knows, and a pipeline that passes its stages several times', () => {
    const { notes } = read({ model_name: 'llama3-70b', some_new_setting: 5, ici_pipeline_parallelism: 4, num_layers_per_pipeline_stage: 5 })
    expect(notes.join()).toMatch(/some_new_setting=5/)
    expect(notes.join()).toMatch(/num_pipeline_repeats=4: the circular pipeline is counted as one pass/)
    const once = read({ model_name: 'llama3-70b', ici_pipeline_parallelism: 4, num_layers_per_pipeline_stage: 20 })
    expect(once.notes.join()).not.toContain('pipeline')
  })

  it('says that dense products over all experts are counted as fewer', () => {
    const dense = { model_name: 'mixtral-8x7b', sparse_matmul: false, megablox: false }
    expect(read(dense).notes.join()).toMatch(/every expert compute every token/)
    expect(read({ ...dense, capacity_factor: 1.25 }).notes.join()).not.toContain('every expert')
    expect(read({ model_name: 'mixtral-8x7b' }).notes.join()).not.toContain('every expert')
  })

  it("has MaxText's type of the first moment: the weights' where none is said", () => {
    expect(read({ model_name: 'llama3-8b', weight_dtype: 'bfloat16' }).experiment.run.optimizer_dtype).toBe('bf16')
    expect(read({ model_name: 'llama3-8b', weight_dtype: 'bfloat16', mu_dtype: 'float32' }).experiment.run.optimizer_dtype).toBe('f32')
  })

  it('reads enums as a log prints them, with digits too', () => {
    const log = asLog({
      ...job,
      ici_fsdp_parallelism: 64,
      model_name: 'llama2-70b',
      compile_topology: 'v5p-128',
      quantization: 'QuantizationType.INT8',
    })
    const { experiment } = importMaxText(`${log}\nConfig param custom_mesh_and_rule: CustomRule.PURE_FSDP`, 'log')
    expect(experiment.run).toMatchObject({ matmul_dtype: 'int8', flags: { custom_mesh_and_rule: 'pure-fsdp' } })
  })
})

describe('texts that are no MaxText job', () => {
  it('are refused', () => {
    for (const text of ['', 'hello world', '[1, 2]', 'python3 -m http.server', 'a: [1'])
      expect(() => importMaxText(text, 'text')).toThrow(expect.objectContaining({ code: 'bad_log' }))
  })

  it('answer any mutation of a command with an experiment or a coded error', () => {
    const text = asLauncher(job)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.nat(20), fc.string({ maxLength: 8 }), (at, cut, put) => {
        try {
          importMaxText(text.slice(0, at) + put + text.slice(at + cut), 'text')
        } catch (error) {
          expect((error as PromptsError).code).toMatch(/^(bad_|unknown_)/)
        }
      }),
    )
  })
})

describe.skipIf(lacks('shared'))(needing('the recorded logs and the same jobs as commands', 'shared'), () => {
  it.each([
    [
      'llama2-70b-v5p-64-fsdp8-tensor4',
      {
        model_name: 'llama2-70b',
        compile_topology: 'v5p-64',
        per_device_batch_size: 2,
        max_target_length: 4096,
        ici_fsdp_parallelism: 8,
        ici_tensor_parallelism: 4,
      },
    ],
    [
      'llama2-7b-v5e-16-fsdp16',
      { model_name: 'llama2-7b', compile_topology: 'v5e-16', per_device_batch_size: 4, max_target_length: 2048, ici_fsdp_parallelism: 16 },
    ],
  ])('%s', (name, settings) => {
    const log = importMaxText(readFileSync(join(sharedData, 'maxtext', `${name}.config.log`), 'utf8'), name, { id: 'x' })
    for (const write of Object.values(forms))
      expect(importMaxText(write(settings as Settings), name, { id: 'x' }).experiment).toEqual(log.experiment)
    expect(log.notes).toEqual([])
  })
})
