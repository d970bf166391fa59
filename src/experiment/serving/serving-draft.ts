import { type Dtype, experimentSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { isSliceName, splitSlice } from '../find/slice-of-run.ts'
import type { Imported } from '../import/imported.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import type { RunDraft, SliceAnswer } from '../run-folder/run-draft.ts'
import { type EngineArguments, numberArgument, textArgument } from './engine-arguments.ts'
import type { ServingBenchmark } from './read-benchmark.ts'

/** Whether the library has a model of this name. */
export type KnowsModel = (name: string) => boolean

const types: Record<string, Dtype> = {
  bfloat16: 'bf16', bf16: 'bf16', float32: 'f32', float: 'f32', fp8: 'fp8', fp8_e4m3: 'fp8', fp8_e5m2: 'fp8', int8: 'int8', w8a8_int8: 'int8', int4: 'int4',
} // biome-ignore format: a table

/**
 * A serving experiment from a benchmark's result and the engine's arguments: the decode phase of the requests that it measured,
 * at the context they had on average, with the measured medians. The slice is told by a `--metadata` value, or asked for.
 */
export function servingDraft(benchmark: ServingBenchmark, engine: EngineArguments, id: string, knowsModel: KnowsModel): RunDraft {
  const values = new Map([...benchmark.extra, ...engine])
  const tensor = numberArgument(values, 'tensor_parallel_size', 'tp_size', 'tp', 'tensor_parallel')
  const replicas = numberArgument(values, 'data_parallel_size', 'dp_size', 'dp') ?? 1
  const named = ['tpu', 'accelerator_type', 'accelerator', 'tpu_type', 'slice', 'topology', 'hardware']
    .map((name) => values.get(name))
    .find((text) => text !== undefined && isSliceName(text))
  return {
    what: `run ${id}`,
    slice: named === undefined ? null : { slice: named, slices: null, from: "the benchmark's metadata" },
    devices: tensor === null ? null : tensor * replicas,
    slices: 1,
    otherHardware: null,
    toExperiment: (slice) => toExperiment({ benchmark, values, id, slice, knowsModel, mesh: { model: tensor, replica: replicas } }),
  }
}

interface Parts {
  benchmark: ServingBenchmark
  values: ReadonlyMap<string, string>
  id: string
  slice: SliceAnswer
  knowsModel: KnowsModel
  mesh: { model: number | null; replica: number }
}

function toExperiment({ benchmark, values, id, slice, knowsModel, mesh }: Parts): Imported {
  const { chip, topology } = splitSlice(slice.slice)
  const asked = benchmark.model ?? textArgument(values, 'model', 'model_path')
  if (asked === null)
    throw new PromptsError('bad_log', `run ${id}: neither the benchmark nor the engine's arguments name the model`, {
      hint: "Put the engine's log or command beside the result.",
    })
  const weights = textArgument(values, 'quantization', 'dtype')
  const cache = textArgument(values, 'kv_cache_dtype')
  const latency = {
    ...(benchmark.ttftMs === null ? {} : { ttft_ms: benchmark.ttftMs }),
    ...(benchmark.tpotMs === null ? {} : { tpot_ms: benchmark.tpotMs }),
  }
  const data: unknown = {
    id,
    framework: benchmark.engine,
    hardware: { chip, topology, ...(slice.slices !== null && slice.slices > 1 ? { slices: slice.slices } : {}) },
    phase: 'decode',
    model: modelName(asked, knowsModel),
    run: {
      global_batch: benchmark.concurrency,
      seq_len: benchmark.inputLen + benchmark.outputLen,
      input_len: benchmark.inputLen,
      output_len: benchmark.outputLen,
      concurrency: benchmark.concurrency,
      ...(weights !== null && types[weights] ? { weight_dtype: types[weights] } : {}),
      ...(cache !== null && types[cache] ? { kv_dtype: types[cache] } : {}),
    },
    ...(mesh.model === null ? {} : { mesh: { model: mesh.model, ...(mesh.replica > 1 ? { replica: mesh.replica } : {}) } }),
    ...(Object.keys(latency).length > 0 ? { measured: latency } : {}),
  }
  return {
    experiment: parseWithSchema(experimentSchema, data, `run ${id}`, 'bad_log'),
    notes: notesOf(benchmark, mesh.model, weights, cache),
  }
}

function notesOf(benchmark: ServingBenchmark, tensor: number | null, weights: string | null, cache: string | null): string[] {
  const said = [
    benchmark.ttftMs === null ? null : `first token after ${benchmark.ttftMs} ms`,
    benchmark.tpotMs === null ? null : `${benchmark.tpotMs} ms per token`,
    benchmark.outputTokensPerSecond === null ? null : `${Math.round(benchmark.outputTokensPerSecond)} tokens out per second`,
  ].filter((part) => part !== null)
  return [
    `measured by ${benchmark.engine}'s benchmark: ${said.join(', ')} (medians; ${benchmark.inputLen} tokens in and ${benchmark.outputLen} out on average, ${benchmark.concurrency} requests in flight)`,
    ...(tensor === null ? ["the engine's arguments are not there: no mesh is compared (put its log or command beside the result)"] : []),
    ...[weights, cache].filter((type) => type !== null && !types[type]).map((type) => `the type ${type} is not modelled`),
  ]
}

/** A name that the library has: as it was asked for, or without what a tuned variant adds. */
function modelName(asked: string, knows: KnowsModel): string {
  const base = asked.split('/').at(-1)!
  const bare = (name: string) => name.replace(/-(instruct|chat|it|hf|base|fp8|w8a8|quantized[.\w-]*|dynamic)(?=-|$)/gi, '')
  return [asked, base, bare(asked), bare(base)].find((name) => knows(name)) ?? base
}
