import type { Dtype, Engine } from '../../contract/experiment.ts'
import { axisSize } from '../../contract/mesh.ts'
import { servingConstants } from '../../planner/serving/serving-constants.ts'
import { runningLimit, spreadOf } from '../../planner/serving/serving-settings.ts'
import type { SnippetInput } from './snippet-input.ts'

/**
 * Arguments of `vllm serve` for one mesh. Batch axes are data parallelism: every rank has its own cache and its own requests.
 * Experts spread over all devices of a replica, whatever the attention does.
 */
export function vllmSnippet(input: SnippetInput): string {
  const { tensor, replicas, expert, context } = waysOf(input)
  const quantized = quantization(input.run.weight_dtype)
  return [
    `--tensor-parallel-size ${tensor}`,
    `--data-parallel-size ${replicas}`,
    ...(expert > 1 || asked(input, 'vllm') === 'true' ? ['--enable-expert-parallel'] : []),
    ...(context > 1 ? [`--decode-context-parallel-size ${context}`] : []),
    ...(quantized === null ? [] : [`--quantization ${quantized}`]),
    ...(input.run.kv_dtype === 'fp8' ? ['--kv-cache-dtype fp8'] : []),
    `--max-model-len ${contextLength(input)}`,
    `--max-num-seqs ${runningLimit('vllm', input.run, replicas) ?? Math.ceil(requestsInFlight(input) / replicas)}`,
    ...givenSettings(input, 'vllm'),
  ].join(' ')
}

/** Arguments of `python -m sgl_jax.launch_server`: tp counts all devices, dp those that attention splits requests over. */
export function sglangSnippet(input: SnippetInput): string {
  const { tensor, replicas, expert } = waysOf(input)
  const ways = Math.max(expert, Number(asked(input, 'sglang') ?? 1) || 1)
  return [
    `--tp-size ${tensor * replicas}`,
    ...(replicas > 1 ? [`--dp-size ${replicas}`] : []),
    ...(ways > 1 ? [`--ep-size ${ways}`] : []),
    ...(input.run.kv_dtype === 'fp8' ? ['--kv-cache-dtype fp8_e4m3'] : []),
    `--context-length ${contextLength(input)}`,
    `--max-running-requests ${runningLimit('sglang', input.run, 1) ?? Math.ceil(requestsInFlight(input))}`,
    ...givenSettings(input, 'sglang'),
  ].join(' ')
}

/** Whole experts on the devices of tensor parallelism, where the run's flags ask for them. */
function asked({ run }: SnippetInput, engine: Engine): string | undefined {
  return run.flags[servingConstants.engines[engine].settings.experts]?.toLowerCase()
}

/** What the run sets of the engine besides, as its own arguments. */
function givenSettings({ run }: SnippetInput, engine: Engine): string[] {
  const { batched_tokens: tokens, memory_fraction: fraction } = servingConstants.engines[engine].settings
  return [tokens, fraction].flatMap((name) => {
    const value = Number(run.flags[name] ?? Number.NaN)
    return Number.isFinite(value) ? [`--${name.replaceAll('_', '-')} ${value}`] : []
  })
}

function waysOf({ mesh, dcn }: SnippetInput): { tensor: number; replicas: number; expert: number; context: number } {
  const size = (axis: Parameters<typeof axisSize>[1]) => axisSize(mesh, axis) * axisSize(dcn, axis)
  return {
    tensor: size('model'),
    replicas: size('replica') * size('data') * size('expert'),
    expert: size('expert') > 1 ? size('expert') * size('model') : 1,
    context: size('seq'),
  }
}

function requestsInFlight({ run }: SnippetInput): number {
  return run.concurrency ?? run.global_batch
}

/** The longest request, as far as lengths spread. */
function contextLength({ run }: SnippetInput): number {
  return Math.max(run.seq_len, Math.ceil(((run.input_len ?? 0) + (run.output_len ?? 0)) * (1 + spreadOf(run.flags))))
}

function quantization(dtype: Dtype): string | null {
  return dtype === 'fp8' ? 'fp8' : dtype === 'int8' ? 'compressed-tensors' : null
}
