import { type Dtype, experimentSchema } from '../../contract/experiment.ts'
import { compactMesh, type Mesh, meshSize } from '../../contract/mesh.ts'
import { PromptsError } from '../../errors.ts'
import { servingConstants } from '../../planner/serving/serving-constants.ts'
import { badServingSetting, spreadFlag } from '../../planner/serving/serving-settings.ts'
import { isSliceName, splitSlice } from '../find/slice-of-run.ts'
import type { Imported } from '../import/imported.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import type { RunDraft, SliceAnswer } from '../run-folder/run-draft.ts'
import { type EngineArguments, launcherArgument, numberArgument, textArgument } from './engine-arguments.ts'
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
  const mesh = meshOf(benchmark.engine, values)
  const named = ['tpu', 'accelerator_type', 'accelerator', 'tpu_type', 'slice', 'topology', 'hardware']
    .map((name) => values.get(name))
    .find((text) => text !== undefined && isSliceName(text))
  return {
    what: `run ${id}`,
    slice: named === undefined ? null : { slice: named, slices: null, from: "the benchmark's metadata" },
    devices: mesh === null ? null : meshSize(mesh),
    slices: 1,
    otherHardware: null,
    toExperiment: (slice) => toExperiment({ benchmark, values, id, slice, knowsModel, mesh }),
  }
}

interface Parts {
  benchmark: ServingBenchmark
  values: ReadonlyMap<string, string>
  id: string
  slice: SliceAnswer
  knowsModel: KnowsModel
  mesh: Mesh | null
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
      ...flagsOf(benchmark, values),
      ...(weights !== null && types[weights] ? { weight_dtype: types[weights] } : {}),
      ...(cache !== null && types[cache] ? { kv_dtype: types[cache] } : {}),
    },
    ...(mesh === null ? {} : { mesh }),
    ...(Object.keys(latency).length > 0 ? { measured: latency } : {}),
  }
  return {
    experiment: parseWithSchema(experimentSchema, data, `run ${id}`, 'bad_log'),
    notes: notesOf(benchmark, mesh !== null, weights, cache),
  }
}

/**
 * The mesh that an engine's arguments say; null where they do not. vLLM counts the devices of one of its replicas; sglang-jax
 * those of the server, of which attention splits requests over some, and experts lie on all.
 */
function meshOf(engine: ServingBenchmark['engine'], values: ReadonlyMap<string, string>): Mesh | null {
  const tensor = numberArgument(values, 'tensor_parallel_size', 'tp_size', 'tp', 'tensor_parallel')
  const replicas = numberArgument(values, 'data_parallel_size', 'dp_size', 'dp') ?? 1
  if (tensor === null) return null
  const counted = engine === 'sglang' && values.get(launcherArgument) !== 'sglang.launch_server'
  const experts =
    engine === 'sglang'
      ? (numberArgument(values, 'ep_size', 'ep') ?? 1) > 1
      : values.get('enable_expert_parallel')?.toLowerCase() === 'true'
  const model = counted && tensor % replicas === 0 ? tensor / replicas : tensor
  return compactMesh({ model, [experts ? 'expert' : 'replica']: replicas })
}

/** What the engine was told besides, and how far the lengths of the client's requests spread around their means. */
function flagsOf({ engine }: ServingBenchmark, values: ReadonlyMap<string, string>): { flags?: Record<string, string> } {
  const { settings } = servingConstants.engines[engine]
  const names = Object.values(settings)
  const given = names.flatMap((name) => (textArgument(values, name) === null ? [] : [[name, values.get(name)!] as const]))
  const spread = clientSpread(engine, values)
  const flags = Object.fromEntries(spread === null ? given : [...given, [spreadFlag, String(spread)] as const])
  // what no setting of the engine is written as is left out: nobody typed it here
  if (Object.keys(flags).length === 0 || badServingSetting(engine, 'decode', flags) !== null) return {}
  return { flags }
}

/** vLLM's client draws lengths within the ratio of the given ones; sglang's from the ratio of the longest up to it. */
function clientSpread(engine: ServingBenchmark['engine'], values: ReadonlyMap<string, string>): number | null {
  const ratio = Number(values.get(spreadFlag) ?? Number.NaN)
  const drawn = (values.get('dataset_name') ?? 'random').startsWith('random')
  if (!drawn || !(ratio >= 0 && ratio <= 1)) return null
  const spread = engine === 'vllm' ? ratio : (1 - ratio) / (1 + ratio)
  return Math.min(0.99, Number(spread.toPrecision(3)))
}

function notesOf(benchmark: ServingBenchmark, placed: boolean, weights: string | null, cache: string | null): string[] {
  const said = [
    benchmark.ttftMs === null ? null : `first token after ${benchmark.ttftMs} ms`,
    benchmark.tpotMs === null ? null : `${benchmark.tpotMs} ms per token`,
    benchmark.outputTokensPerSecond === null ? null : `${Math.round(benchmark.outputTokensPerSecond)} tokens out per second`,
  ].filter((part) => part !== null)
  return [
    `measured by ${benchmark.engine}'s benchmark: ${said.join(', ')} (medians; ${benchmark.inputLen} tokens in and ${benchmark.outputLen} out on average, ${benchmark.concurrency} requests in flight)`,
    ...(!placed ? ["the engine's arguments are not there: no mesh is compared (put its log or command beside the result)"] : []),
    ...[weights, cache].filter((type) => type !== null && !types[type]).map((type) => `the type ${type} is not modelled`),
  ]
}

/** A name that the library has: as it was asked for, or without what a tuned variant adds. */
function modelName(asked: string, knows: KnowsModel): string {
  const base = asked.split('/').at(-1)!
  const bare = (name: string) => name.replace(/-(instruct|chat|it|hf|base|fp8|w8a8|quantized[.\w-]*|dynamic)(?=-|$)/gi, '')
  return [asked, base, bare(asked), bare(base)].find((name) => knows(name)) ?? base
}
