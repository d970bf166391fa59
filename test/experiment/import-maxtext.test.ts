import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import { importMaxText } from '../../src/experiment/import/import-maxtext.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'

const base = {
  model_name: 'llama2-70b',
  num_decoder_layers: 80,
  emb_dim: 8192,
  mlp_dim: 28672,
  num_query_heads: 64,
  num_kv_heads: 8,
  head_dim: 128,
  vocab_size: 32000,
  global_batch_size_to_train_on: 64,
  max_target_length: 4096,
  compile_topology: 'v5p-64',
  num_target_devices: 32,
  ici_fsdp_parallelism: 8,
  ici_tensor_parallelism: 4,
}
const log = (settings: Record<string, unknown>, rest = '') =>
  `${Object.entries({ ...base, ...settings })
    .map(([name, value]) => `Config param ${name}: ${value}`)
    .join('\n')}\n${rest}`

describe('importMaxText', () => {
  it.skipIf(lacks('shared'))(needing('reads both recorded logs', 'shared'), () => {
    const read = (name: string) => importMaxText(readFileSync(join(sharedData, 'maxtext', name), 'utf8'), name)
    const big = read('llama2-70b-v5p-64-fsdp8-tensor4.config.log')
    expect(big.experiment).toMatchObject({
      framework: 'maxtext',
      hardware: { chip: 'v5p', topology: 'v5p-64' },
      mesh: { data: 8, model: 4 },
      run: { global_batch: 64, seq_len: 4096, remat: 'full' },
    })
    expect(big.experiment.model).toBe('llama2-70b')
    expect(big.notes).toEqual([])
    expect(read('llama2-7b-v5e-16-fsdp16.config.log').experiment).toMatchObject({ hardware: { chip: 'v5e' }, mesh: { data: 16 } })
  })

  it('maps every axis, folds with a note, and names what it cannot map', () => {
    const { experiment, notes } = importMaxText(
      log({
        ici_fsdp_parallelism: 2,
        ici_fsdp_transpose_parallelism: 2,
        ici_sequence_parallelism: 2,
        ici_tensor_parallelism: -1,
        ici_autoregressive_parallelism: 3,
      }),
      'log',
    )
    expect(experiment.mesh).toEqual({ data: 4, seq: 2, model: 4 })
    expect(notes.join('\n')).toMatch(/fsdp_transpose/)
    expect(notes.join('\n')).toMatch(/sequence is counted as seq/)
    expect(notes.join('\n')).toMatch(/model: -1 resolved to 4/)
    expect(notes.join('\n')).toMatch(/ici_autoregressive_parallelism=3 is not mapped/)
  })

  it('takes the median of the steady steps', () => {
    const steps = [60, 9, 3.1, 3.0, 3.2, 3.05]
      .map((seconds, n) => `completed step: ${n}, seconds: ${seconds}, TFLOP/s/device: 100, Tokens/s/device: 1, loss: 2`)
      .join('\n')
    const { experiment } = importMaxText(log({}, steps), 'log')
    expect(experiment.measured?.step_time_ms).toBeCloseTo(3075)
  })

  it.each([
    ['nothing of MaxText', 'hello', /no line "Config param/],
    ['a missing setting', log({ model_name: 'own', emb_dim: 'None' }), /base_emb_dim/],
    ['no slice', log({ compile_topology: '' }), /which slice/],
    ['-1 that does not divide', log({ ici_fsdp_parallelism: 5, ici_tensor_parallelism: -1 }), /do not divide/],
  ])('refuses %s', (_, text, message) => {
    expect(() => importMaxText(text, 'log')).toThrow(message)
  })

  it('answers any mutation with an experiment or a coded error', () => {
    const text = log({})
    fc.assert(
      fc.property(fc.nat(text.length), fc.string({ maxLength: 30 }), fc.nat(40), (at, insert, cut) => {
        try {
          importMaxText(text.slice(0, at) + insert + text.slice(at + cut), 'log')
        } catch (error) {
          expect(error).toBeInstanceOf(PromptsError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
