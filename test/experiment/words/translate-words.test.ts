import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PromptsError } from '../../../src/errors.ts'
import { readExperiment } from '../../../src/experiment/parse-experiment.ts'

const base = {
  id: 'x',
  hardware: { chip: 'v6e', topology: '4x4' },
  phase: 'train',
  model: 'llama3-8b',
  run: { global_batch: 64, seq_len: 4096 },
}
const read = (data: Record<string, unknown>) => readExperiment(JSON.stringify({ ...base, ...data }), 'x.yaml')

describe('the words that people use', () => {
  it.each([
    [{ chip: 'trillium', topology: '4x4' }, 'v6e', '4x4'],
    [{ chip: 'ironwood', topology: '2x2x2' }, 'tpu7x', '2x2x2'],
    [{ topology: 'v7x-16' }, 'tpu7x', 'tpu7x-16'],
    [{ topology: 'ct6e-standard-4t' }, 'v6e', '2x2'],
    ['tpu7x-standard-4t', 'tpu7x', '2x2x1'],
    ['v6e:4x4', 'v6e', '4x4'],
    [{ chip: 'v5e', topology: 'v5litepod-16' }, 'v5e', 'v5e-16'],
    [{ chip: 'trillium', topology: 16 }, 'v6e', 'v6e-16'],
    [{ chip: 'tpu-v6e', topology: '4x4' }, 'v6e', '4x4'],
    [{ accelerator_type: 'v6e-16' }, 'v6e', 'v6e-16'],
    ['TPU v6e 4x4', 'v6e', '4x4'],
    ['cloud tpu v6e 16', 'v6e', 'v6e-16'],
  ])('%j is a slice', (hardware, chip, topology) => {
    const { experiment, notes } = read({ hardware })
    expect(experiment.hardware).toEqual({ chip, topology })
    expect(notes.length).toBeGreaterThan(0)
  })

  it("takes a mesh in the framework's axes, and MaxText's data as replicas beside them", () => {
    expect(read({ mesh: { fsdp: 8, tensor: 2 } }).experiment.mesh).toEqual({ data: 8, model: 2 })
    const { experiment, notes } = read({ mesh: { data: 2, fsdp: 4, tensor: 2 } })
    expect(experiment.mesh).toEqual({ replica: 2, data: 4, model: 2 })
    expect(notes.join()).toMatch(/MaxText replicates/)
    expect(read({ mesh: { data: 8, model: 2 } })).toMatchObject({ experiment: { mesh: { data: 8, model: 2 } }, notes: [] })
  })

  it("takes a framework's settings for axes of a mesh", () => {
    const settings = { ici_data_parallelism: 2, ici_fsdp_parallelism: -1, tensor_parallel: 2 }
    expect(read({ mesh: settings }).experiment.mesh).toEqual({ replica: 2, data: 4, model: 2 })
    expect(() => read({ mesh: { ici_autoregressive_parallelism: 2 } })).toThrow(/ici_autoregressive_parallelism/)
  })

  it('says of a slice that it does not know that it is one, not what type it has', () => {
    expect(() => read({ hardware: 'v3-8' })).toThrow(/"v3-8": no slice of a known chip/)
    expect(() => read({ hardware: { chip: 'h100', topology: '8' }, mesh: { fsdp: -1 } })).toThrow(/slice that it would fill is not known/)
  })

  it('fills -1, and says to what', () => {
    const { experiment, notes } = read({ mesh: { fsdp: -1, tensor: 2 } })
    expect(experiment.mesh).toEqual({ data: 8, model: 2 })
    expect(notes.join()).toContain('filled to 8')
    expect(() => read({ mesh: { fsdp: -1, tensor: 3 } })).toThrow(/do not divide/)
    expect(() => read({ mesh: { fsdp: -1, tensor: -1 } })).toThrow(/both -1/)
  })

  it("reads an engine's sizes, a batch a device, and a framework's names of settings", () => {
    expect(read({ tensor_parallel_size: 8 }).experiment.mesh).toEqual({ model: 8 })
    const run = {
      per_device_batch_size: 2,
      gradient_accumulation_steps: 4,
      max_target_length: 2048,
      remat_policy: 'minimal',
      dtype: 'bfloat16',
    }
    expect(read({ run }).experiment.run).toEqual({
      global_batch: 2 * 16 * 4,
      microbatches: 4,
      seq_len: 2048,
      remat: 'minimal',
      activation_dtype: 'bf16',
    })
  })

  it('takes booleans and numbers in flags', () => {
    const flags = { optimizer_memory_host_offload: true, num_vocab_tiling: 8 }
    expect(read({ run: { ...base.run, flags } }).experiment.run.flags).toEqual(flags)
  })

  it('refuses a second document, and a key that comes twice without a bare colon', () => {
    expect(() => readExperiment(`${JSON.stringify(base)}\n---\na: 1\n`, 'x.yaml')).toThrow(/more than one YAML document/)
    try {
      readExperiment('id: a\nid: b\n', 'x.yaml')
      expect.unreachable()
    } catch (error) {
      expect((error as PromptsError).message).not.toMatch(/:\s*$/)
    }
  })

  it('answers anything with an experiment or a coded error', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('hardware', 'mesh', 'dcn', 'run', 'phase', 'model', 'tensor_parallel_size'),
        fc.jsonValue(),
        (key, value) => {
          try {
            read({ [key]: value })
          } catch (error) {
            expect((error as PromptsError).code).toMatch(/^bad_/)
          }
        },
      ),
    )
  })
})
