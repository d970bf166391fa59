import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PromptsError } from '../../../src/errors.ts'
import { isOneLine, readOneLine } from '../../../src/experiment/one-line/read-one-line.ts'
import type { Vocabulary } from '../../../src/experiment/one-line/vocabulary.ts'
import { parseExperiment } from '../../../src/experiment/parse-experiment.ts'
import { openCatalog } from '../../../src/knowledge/data/catalog.ts'
import { modelNames } from '../../../src/knowledge/data/models.ts'
import { sliceNames, slicesOfDevices } from '../../../src/knowledge/data/topologies.ts'

const vocabulary: Vocabulary = { catalog: openCatalog(), modelNames: modelNames(), sliceNames: sliceNames(), slicesOfDevices }
const read = (line: string) => readOneLine(line, vocabulary)

function failure(line: string): PromptsError {
  try {
    read(line)
  } catch (error) {
    if (error instanceof PromptsError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('readOneLine', () => {
  it('reads a training and says everything that it assumed', () => {
    const { experiment, assumptions } = read('qwen3-235b-a22b on v6e-256, seq 8192, batch 512')
    expect(experiment).toMatchObject({
      phase: 'train',
      model: 'qwen3-235b-a22b',
      hardware: { chip: 'v6e', topology: 'v6e-256' },
      run: { seq_len: 8192, global_batch: 512, optimizer: 'adamw', remat: 'full' },
    })
    const text = assumptions.join('\n')
    for (const word of ['train', 'weight_dtype', 'optimizer', 'remat', 'framework', 'microbatches']) expect(text).toContain(word)
    expect(text).not.toMatch(/seq_len|global_batch/)
  })

  it('reads a served job in the words of people', () => {
    const { experiment } = read('serve llama3.3-70b fp8 on trillium-8, 4k in 1k out, 200 requests in flight, tpot 40 ms')
    expect(experiment).toMatchObject({
      phase: 'decode',
      framework: 'vllm',
      hardware: { chip: 'v6e', topology: 'v6e-8' },
      run: { input_len: 4096, output_len: 1024, seq_len: 5120, concurrency: 200, global_batch: 200, weight_dtype: 'fp8' },
      slo: { tpot_ms: 40 },
    })
  })

  it.each([
    ['llama 3 70b on v6e 4x4', { model: 'llama3-70b', hardware: { chip: 'v6e', topology: '4x4' } }],
    ['train llama3-8b with 64 chips of v5p', { hardware: { chip: 'v5p', topology: 'v5p-128' } }],
    ['llama3-8b on ironwood 8 chips', { hardware: { chip: 'tpu7x', topology: 'tpu7x-16' } }],
    ['llama3-8b on 2x v6e-256, fsdp=256', { hardware: { slices: 2 }, mesh: { data: 256 }, dcn: { replica: 2 } }],
    ['llama3-8b on v6e-8 in 4k context', { run: { seq_len: 4096 } }],
    ['llama3-8b on v6e-8 batch 1M tokens seq 8k', { run: { global_batch: 120, seq_len: 8192 } }],
    ['llama3-8b, v6e-8, seq_len=2048 batch=16 no remat adafactor', { run: { seq_len: 2048, remat: 'none', optimizer: 'adafactor' } }],
    [
      'llama3-8b on v6e-8 sglang 1024/256 kv fp8 p99 tpot < 25ms',
      { framework: 'sglang', run: { kv_dtype: 'fp8' }, slo: { tpot_p99_ms: 25 } },
    ],
    ['prefill llama3-8b on v6e-8, 8k in, ttft 1.5s', { phase: 'prefill', run: { seq_len: 8192 }, slo: { ttft_ms: 1500 } }],
    ['llama3-8b on v6e-8, per device batch 4', { run: { global_batch: 32 } }],
    ['qwen3-32b fp8 on 8 v6e chips, 64 concurrent users', { model: 'qwen3-32b', run: { weight_dtype: 'fp8', concurrency: 64 } }],
    ['Qwen/Qwen3-32B-FP8 served on v6e-8', { phase: 'decode', run: { weight_dtype: 'fp8' } }],
    ['llama3-8b on a 16x16 v6e pod, seq 8,192 tokens, batch 1,024 sequences', { run: { seq_len: 8192, global_batch: 1024 } }],
    ['Train LLaMA-3 8B on TPU v5e-256 w/ 4k seqs and bs 512', { phase: 'train', run: { seq_len: 4096, global_batch: 512 } }],
    ['llama3-8b v5p-16 bs 64 ga 4 tp2 full remat', { run: { global_batch: 64, microbatches: 4, remat: 'full' }, mesh: { model: 2 } }],
    [
      'llama3-8b v6e-8 serving 2000 input tokens, 500 output tokens, TTFT < 1 s',
      { run: { input_len: 2000, output_len: 500 }, slo: { ttft_ms: 1000 } },
    ],
    ['llama3-8b, v6e-8, 20 users at 25 ms per token', { run: { concurrency: 20 }, slo: { tpot_ms: 25 } }],
    ['llama3-8b, v6e-8, 16 users, 50 tok/s per user', { slo: { tpot_ms: 20 } }],
    // Little's law: 32 requests of 128 tokens a second, each token 50 ms, are 204.8; replicas can share 208
    ['llama3-8b, v6e-8, 1k in 128 out, 32 qps', { run: { concurrency: 208 }, slo: { tpot_ms: 50 } }],
    ['llama3-8b, v6e-8, speculative decoding, 4k in 1k out', { run: { flags: { speculative_config: 'speculative' } } }],
    ['llama3-8b on v6e-8 --max-num-batched-tokens 2048 vllm', { run: { flags: { max_num_batched_tokens: '2048' } } }],
    ['llama3-8b on v6e-8, 4k in 1k out, lengths vary by 20%', { run: { flags: { random_range_ratio: '0.2' } } }],
    ['llama3-8b on v6e-8, 4k in 1k out, fixed lengths', { run: { flags: { random_range_ratio: '0' } } }],
    ['llama3-8b on v6e-8, 4k in 1k out, lengths spread ±80 %', { run: { flags: { random_range_ratio: '0.8' } } }],
    ['8 x v5p-128 llama3-70b gbs 4096 tokens 15T', { hardware: { slices: 8 }, run: { global_batch: 4096 } }],
  ])('%s', (line, expected) => expect(read(line).experiment).toMatchObject(expected))

  it.each([
    ['lama3-70b on v6e-256', 'unknown_model', /llama3-70b/],
    ['llama3-70b on v6e-255', 'unknown_topology', /v6e-256/],
    ['llama3-70b on v6f-256', 'unknown_topology', /v6e-256/],
    ['llama3-70b seq 8192', 'bad_arguments', /v6e-256/],
    ['v6e-256, seq 8192', 'bad_arguments', /llama3-70b/],
    ['llama3-70b on v6e-8, v5p-8', 'bad_arguments', /prompts size/],
    ['llama3-70b on v5e v6e-8', 'bad_arguments', /prompts size/],
    ['llama3-70b on v6e-8 seq 4k seq 8k', 'bad_arguments', /once/],
    ['llama3-70b on 7 chips of v6e', 'bad_arguments', /v6e-8/],
  ])('refuses %s', (line, code, hint) => {
    expect(failure(line)).toMatchObject({ code, exitCode: 2 })
    expect(failure(line).hint).toMatch(hint)
  })

  it.each([
    ['llama3-8b on v6e-8 batsh 512', 'llama3-8b on v6e-8 batch 512'],
    ['llama3-8b on v6e-8, sequnce 4096', 'llama3-8b on v6e-8, sequence 4096'],
  ])('gives the line that is most likely meant by %s', (line, meant) => {
    expect(failure(line).hint).toContain(`Did you mean "${meant}"?`)
    expect(read(failure(line).choices[0]!.value)).toEqual(read(meant))
  })

  it('takes what later lines say instead', () => {
    const first = 'serve llama3-8b on v6e-8, 4k in 1k out, 64 requests in flight'
    const changed = readOneLine(first, vocabulary, ['kv fp8', '200 users', 'on v6e-16'])
    expect(changed.experiment).toMatchObject({
      hardware: { topology: 'v6e-16' },
      run: { kv_dtype: 'fp8', concurrency: 200, global_batch: 200, input_len: 4096 },
    })
    expect(readOneLine(first, vocabulary, ['2k in']).experiment.run).toMatchObject({ input_len: 2048, output_len: 1024, seq_len: 3072 })
  })

  it('names every word that it does not understand', () => {
    expect(failure('llama3-8b on v6e-8 wibble 8 wobble').message).toMatch(/"wibble", "8", "wobble"/)
  })

  it('gives a file that reads back as the same experiment', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('llama3-8b', 'mixtral-8x7b', 'qwen3-32b'),
        fc.constantFrom('v6e-16', 'v5p-64', 'v6e:4x8', 'tpu7x-16'),
        fc.constantFrom('train', 'serve', 'prefill'),
        fc.integer({ min: 1, max: 4096 }),
        fc.integer({ min: 1, max: 65_536 }),
        (model, slice, phase, batch, seq) => {
          const { experiment, file } = read(`${phase} ${model} on ${slice}, batch ${batch}, seq ${seq}`)
          expect(parseExperiment(file, 'file')).toEqual(experiment)
          expect(experiment.run).toMatchObject({ global_batch: batch, seq_len: seq })
        },
      ),
      { numRuns: 40 },
    )
  })

  it('throws nothing but coded errors, whatever the words', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'llama3-8b',
        'v6e-8',
        'seq',
        '8k',
        'batch',
        '0',
        '1e9',
        'fp8',
        'in',
        'out',
        'tpot',
        'ms',
        'remat',
        'model',
        'x',
        '2x',
        '-1',
        'chips',
      ),
      fc.string({ maxLength: 8 }),
    )
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        try {
          read(words.join(' '))
        } catch (error) {
          expect(error).toBeInstanceOf(PromptsError)
          expect((error as PromptsError).exitCode).toBe(2)
        }
      }),
    )
  })
})

describe('isOneLine', () => {
  it.each(['llama3-70b on v6e-256', 'meta-llama/Llama-3.1-8B,v6e-8'])('takes %s', (text) => expect(isOneLine(text)).toBe(true))
  it.each(['llama2-70b-v5p', 'my runs/experiment.yaml', 'examples/x', 'llama3-8b\non v6e-8', ' exp-1 '])('leaves %s', (text) =>
    expect(isOneLine(text)).toBe(false),
  )
})
