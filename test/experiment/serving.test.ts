import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findExperiment } from '../../src/experiment/find/find-experiment.ts'
import { loadSubject } from '../../src/experiment/load-experiment.ts'
import { readEngineArguments } from '../../src/experiment/serving/engine-arguments.ts'
import { readBenchmark } from '../../src/experiment/serving/read-benchmark.ts'
import { findOptions, folderOfRuns } from '../support/finding.ts'

const signal = new AbortController().signal
let root = ''

/** What `vllm bench serve --save-result --metadata tpu=v6e-8` saves, without its lists. */
const vllm = (date: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({
    ...{
      date,
      backend: 'vllm',
      label: null,
      model_id: 'meta-llama/Llama-3.1-8B-Instruct',
      tokenizer_id: 'x',
      num_prompts: 100,
      request_rate: 'inf',
    },
    ...{ burstiness: 1, max_concurrency: 64, duration: 50.1, completed: 100, total_input_tokens: 102_400, total_output_tokens: 12_800 },
    ...{ request_throughput: 2, output_throughput: 255.4, total_token_throughput: 2300, mean_ttft_ms: 210, median_ttft_ms: 180.5 },
    ...{ median_tpot_ms: 21.25, p99_tpot_ms: 30, median_itl_ms: 20, input_lens: [1024], ttfts: [0.1], ...more },
  })

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'prompts-serving-'))
  const put = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  put('vllm-run/infqps-concurrency64-Llama-20261125-100000.json', vllm('20261125-100000', { median_tpot_ms: 99 }))
  put('vllm-run/infqps-concurrency64-Llama-20261125-120000.json', vllm('20261125-120000'))
  put(
    'vllm-run/server.log',
    "INFO non-default args: {'model': 'meta-llama/Llama-3.1-8B-Instruct', 'tensor_parallel_size': 8, 'max_model_len': 4096, 'kv_cache_dtype': 'fp8'}\n",
  )
  put(
    'sgl/sglang_1125_100_1024_128.jsonl',
    `{"backend":"sglang","old":1}\n${vllm('', { backend: 'sglang', model_id: undefined, date: undefined, max_concurrency: null, concurrency: 31.7, tpu: 'v6e-8' })}\n`,
  )
  put('sgl/start.sh', 'python -m sglang.launch_server --model-path Qwen/Qwen3-8B --tp 4 --dp-size=2 --dtype bfloat16\n')
  put(
    'sgl-jax/result.jsonl',
    vllm('', {
      backend: 'sgl-jax',
      model_id: undefined,
      concurrency: 64,
      max_concurrency: null,
      dataset_name: 'random',
      random_range_ratio: 0.5,
      tpu: 'v6e-8',
    }),
  )
  put(
    'sgl-jax/start.sh',
    'python3 -m sgl_jax.launch_server --model-path Qwen/Qwen3-30B-A3B --tp-size 8 --dp-size 2 --ep-size 8 --mem-fraction-static 0.92\n',
  )
  put('other/results.json', '{"accuracy": 0.5}')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('a serving benchmark', () => {
  it('of vLLM is an experiment with the measured medians, once the slice is known', async () => {
    const options = findOptions({ context: { ...findOptions().context, said: { slice: 'v6e' } } })
    const { experiment, notes } = await findExperiment('vllm-run', [folderOfRuns(root)], signal, options)
    expect(experiment).toMatchObject({
      framework: 'vllm',
      hardware: { chip: 'v6e', topology: 'v6e-8' },
      phase: 'decode',
      run: { global_batch: 64, seq_len: 1152, input_len: 1024, output_len: 128, concurrency: 64, kv_dtype: 'fp8' },
      mesh: { model: 8 },
      measured: { ttft_ms: 180.5, tpot_ms: 21.25 },
    })
    expect(notes?.join()).toContain('255 tokens out per second')
    expect(notes?.join()).toContain('120000.json was read; 1 older results')
  })

  it("of sglang-jax counts all devices in tp, and knows the client's spread of lengths and the engine's own settings", async () => {
    const { experiment } = await loadSubject(join(root, 'sgl-jax/result.jsonl'), [], signal, findOptions())
    expect(experiment).toMatchObject({
      framework: 'sglang',
      mesh: { model: 4, expert: 2 },
      // drawn from half of the longest up to it: a third around their mean
      run: { flags: { mem_fraction_static: '0.92', random_range_ratio: '0.333', ep_size: '8' } },
    })
  })

  it('of sglang takes the last line, its metadata for the slice, and the command beside it', async () => {
    const { experiment } = await loadSubject(join(root, 'sgl/sglang_1125_100_1024_128.jsonl'), [], signal, findOptions())
    expect(experiment).toMatchObject({
      framework: 'sglang',
      hardware: { topology: 'v6e-8' },
      model: 'Qwen/Qwen3-8B',
      mesh: { model: 4, replica: 2 },
      run: { concurrency: 32, weight_dtype: 'bf16' },
    })
  })

  it('asks for the slice with those of its size', async () => {
    await expect(findExperiment('vllm-run', [folderOfRuns(root)], signal, findOptions())).rejects.toMatchObject({
      code: 'slice_unknown',
      choices: expect.arrayContaining([{ label: 'v6e-8 (2x4)', value: 'v6e-8' }]),
    })
  })

  it('is not every JSON file', async () => {
    expect(readBenchmark('{"accuracy": 0.5}')).toBeNull()
    expect(readBenchmark('[1]')).toBeNull()
    await expect(findExperiment('other', [folderOfRuns(root)], signal, findOptions())).rejects.toMatchObject({ code: 'unknown_experiment' })
  })
})

describe('readEngineArguments', () => {
  it('reads command lines and logs, and nothing of other lines', () => {
    expect([...readEngineArguments('$ vllm serve org/model --tensor-parallel-size=8 --enforce-eager --max-num-seqs 256')]).toEqual([
      ['model', 'org/model'],
      ['tensor_parallel_size', '8'],
      ['enforce_eager', 'true'],
      ['max_num_seqs', '256'],
    ])
    expect(readEngineArguments("server_args=ServerArgs(model_path='a/b', tp_size=8, dtype='auto')").get('tp_size')).toBe('8')
    expect(readEngineArguments('rm -rf --tensor-parallel-size 9').size).toBe(0)
  })
})
