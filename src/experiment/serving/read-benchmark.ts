import { z } from 'zod'
import { readJson, readLastLine } from '../../text/json.ts'

/** What a serving benchmark's client measured, under the names that both clients share. Times are medians in milliseconds. */
export interface ServingBenchmark {
  engine: 'vllm' | 'sglang'
  /** As the engine was asked for it (`meta-llama/Llama-3.1-8B-Instruct`), where the client knows it. */
  model: string | null
  /** Tokens in and out of a request, on average. */
  inputLen: number
  outputLen: number
  /** Requests in flight. */
  concurrency: number
  ttftMs: number | null
  tpotMs: number | null
  outputTokensPerSecond: number | null
  /** When it ran, where the file says so. */
  at: string | null
  /** What was added by `--metadata NAME=VALUE`, and everything else that is flat. */
  extra: Map<string, string>
}

const amount = z.number().nonnegative().nullish()
const resultSchema = z.looseObject({
  backend: z.string().max(100).nullish(),
  endpoint_type: z.string().max(100).nullish(),
  model_id: z.string().max(500).nullish(),
  date: z.string().max(100).nullish(),
  completed: amount,
  num_prompts: amount,
  total_input_tokens: amount,
  total_output_tokens: amount,
  random_input_len: amount,
  random_output_len: amount,
  max_concurrency: amount,
  concurrency: amount,
  max_concurrent_requests: amount,
  median_ttft_ms: amount,
  median_tpot_ms: amount,
  output_throughput: amount,
})

/**
 * Reads what `vllm bench serve --save-result` (one JSON object) or sglang's `bench_serving --output-file` (an object a line, the
 * last one stands) saved. Null for JSON of another kind.
 */
export function readBenchmark(text: string): ServingBenchmark | null {
  const data = readJson(text) ?? readLastLine(text)
  const parsed = resultSchema.safeParse(data)
  if (!parsed.success) return null
  const result = parsed.data
  const requests = result.completed ?? result.num_prompts
  if (!requests || !result.total_output_tokens || (result.median_ttft_ms == null && result.output_throughput == null)) return null
  const mean = (total: number | null | undefined, given: number | null | undefined) =>
    Math.max(1, Math.round(total ? total / requests : (given ?? 1)))
  const backend = result.backend ?? result.endpoint_type ?? ''
  return {
    engine: /sglang|sgl[-_]jax|srt/i.test(backend) || 'random_range_ratio' in result ? 'sglang' : 'vllm',
    model: result.model_id ?? null,
    inputLen: mean(result.total_input_tokens, result.random_input_len),
    outputLen: mean(result.total_output_tokens, result.random_output_len),
    concurrency: Math.max(1, Math.round(result.max_concurrency ?? result.concurrency ?? result.max_concurrent_requests ?? requests)),
    ttftMs: positive(result.median_ttft_ms),
    tpotMs: positive(result.median_tpot_ms),
    outputTokensPerSecond: positive(result.output_throughput),
    at: result.date ?? null,
    extra: flatValues(result),
  }
}

function flatValues(data: Record<string, unknown>): Map<string, string> {
  const values = new Map<string, string>()
  for (const [key, value] of Object.entries(data))
    if ((typeof value === 'string' && value.length <= 500) || typeof value === 'number' || typeof value === 'boolean')
      values.set(key, String(value))
  return values
}

function positive(value: number | null | undefined): number | null {
  return value != null && value > 0 ? value : null
}
