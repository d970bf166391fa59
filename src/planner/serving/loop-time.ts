import type { Shards } from '../shards.ts'
import type { LayerInput } from '../time/layer-work.ts'
import { stepOf, type Timing } from '../time/timing.ts'
import { promptTokenSeconds } from './prompt-time.ts'
import { paddedLength } from './request-lengths.ts'
import type { LoopConstants } from './serving-constants.ts'

/** Seconds that the one host of a compiled decoding loop takes for a step of so many requests. */
export function loopHostSeconds({ host_ms: step, request_us: each }: LoopConstants, requests: number): number {
  return step / 1000 + (requests * each) / 1e6
}

/**
 * A loop's step with the prompts that come between two of them: each is a program of its own, at the next power of two of its
 * length, which reads the weights once. Every step is one of all places, however many of them are taken.
 */
export function withPrompts(timing: Timing, input: LayerInput & { loop: LoopConstants }, s: Shards): Timing {
  const { run, terms, rates, loop } = input
  const perPrefillToken = promptTokenSeconds(input, s, { products: loop.prefill_efficiency, attention: loop.prefill_efficiency })
  const weights = (terms.activeMatmul * rates.weightBytes) / s.model / rates.hbm
  const perPrompt = loop.prompt_ms / 1000 + weights
  const law = { base: timing.step, perRequest: 0, perPrefillToken, perPrompt }
  if (run.input_len === null || run.output_len === null) return { ...timing, law }
  const prompts = (run.global_batch / run.output_len) * (paddedLength(run.input_len) * perPrefillToken + perPrompt)
  return { ...stepOf({ ...timing, busy: timing.busy + prompts }), law }
}
