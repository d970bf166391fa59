import { z } from 'zod'
import json from '../../../knowledge/serving-model.json' with { type: 'json' }
import type { Engine } from '../../contract/experiment.ts'

const constant = z.strictObject({ value: z.number().finite().nonnegative(), source: z.string().min(1) }).transform((entry) => entry.value)

const engineSchema = z.strictObject({
  /** Share of the HBM's bandwidth at which weights are read, and at which the paged cache is. */
  weights_efficiency: constant,
  cache_efficiency: constant,
  /** Microseconds a layer costs beside its bytes: kernels that start one after another, collectives of small tensors. */
  layer_us: constant,
  /** What each routed row (a token to one of its experts) adds in a layer: sorting, gathering, scattering. */
  routed_row_us: constant,
  /** Milliseconds a step costs the host: scheduler, sampling, input preparation. */
  host_ms: constant,
  /** Microseconds that each running request adds to it: sampling, detokenizing, its place in the batch. */
  request_us: constant,
  /** Share of the matmul rate at which prefill chunks run beside decoding. */
  prefill_efficiency: constant,
  /** Tokens of one step: those of running requests, and prefill chunks in what is left. */
  batched_tokens: constant,
  /** The part of the HBM that the engine takes for weights and cache. */
  memory_fraction: constant,
})
export type EngineConstants = z.infer<typeof engineSchema>

/** `knowledge/serving-model.json`, by engine. */
export const engineConstants: Readonly<Record<Engine, EngineConstants>> = z
  .strictObject({ about: z.string(), engines: z.strictObject({ vllm: engineSchema, sglang: engineSchema }) })
  .parse(json).engines
