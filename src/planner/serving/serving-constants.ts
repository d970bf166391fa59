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
  /** Share of the chip's bf16 peak at which attention of those chunks runs. */
  attention_efficiency: constant,
  /** Tokens of one step: those of running requests, and prefill chunks in what is left. */
  batched_tokens: constant,
  /** The part of the HBM that the engine takes for weights and cache. */
  memory_fraction: constant,
  /** The share of the answers still to come for which it keeps room in the cache before it lets another request in. */
  output_reserve: constant,
  /** The engine's own arguments that say the same. */
  settings: z.strictObject({ batched_tokens: z.string(), memory_fraction: z.string(), running_requests: z.string(), experts: z.string() }),
})
export type EngineConstants = z.infer<typeof engineSchema>

const loopSchema = z.strictObject({
  /** Share of the HBM's bandwidth at which the whole cache is read, used or not. */
  cache_efficiency: constant,
  layer_us: constant,
  host_ms: constant,
  request_us: constant,
  /** Share of the matmul rate at which one prompt is computed, in a program of its own. */
  prefill_efficiency: constant,
  /** Milliseconds that a prompt costs beside its tokens. */
  prompt_ms: constant,
})
/** A compiled decoding loop with a place for each request, as MaxText's engine and JetStream run it. */
export type LoopConstants = z.infer<typeof loopSchema>

const { engines, loops, length_spread } = z
  .strictObject({
    about: z.string(),
    engines: z.strictObject({ vllm: engineSchema, sglang: engineSchema }),
    loops: z.strictObject({ maxtext: loopSchema }),
    length_spread: constant,
  })
  .parse(json)

/** Constants of all programs that serve. */
export interface ServingConstants {
  engines: Readonly<Record<Engine, EngineConstants>>
  maxtext: LoopConstants
}

/** `knowledge/serving-model.json`. */
export const servingConstants: ServingConstants = { engines, maxtext: loops.maxtext }

/** How far lengths of requests spread around the given ones where a run does not say. */
export const lengthSpread: number = length_spread
