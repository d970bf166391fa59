import { isEngine } from '../../contract/experiment.ts'
import { gib, type MemoryParts } from '../footprint/memory-parts.ts'
import type { Workload } from '../workload.ts'
import type { Scheduler } from './scheduler.ts'
import { engineOf, runningLimit, spreadOf } from './serving-settings.ts'
import { type RequestMix, type ServedLatency, simulateServing } from './simulate.ts'
import type { StepLaw } from './step-law.ts'

/** Enough requests for a p99, few enough for every verdict that is shown. */
const waves = 6
const fewest = 400
const most = 4000

/**
 * Latencies of a job's own request mix on one mesh, with as many requests at once as its cache holds. Null where the run says no
 * lengths, where no program with a law of its own serves it, or where the memory holds not one request.
 */
export function servedLatency(
  workload: Workload,
  { law, memory, replicas }: { law: StepLaw | undefined; memory: MemoryParts; replicas: number },
): ServedLatency | null {
  const { framework, phase, run } = workload
  const { input_len: inputLen, output_len: outputLen } = run
  if (!law || inputLen === null || outputLen === null || phase !== 'decode') return null
  const all = run.concurrency ?? run.global_batch
  if (!isEngine(framework)) return simulateServing(law, mixOf(workload, all, true), slots(run.global_batch))
  const concurrency = Math.max(1, Math.ceil(all / replicas))
  const cacheTokens = tokensOfCache(workload, memory, replicas)
  if (cacheTokens < inputLen + outputLen) return null
  const { batched_tokens: batchedTokens, output_reserve: outputReserve } = engineOf(framework, run.flags)
  const maxRunning = runningLimit(framework, run, replicas) ?? Number.POSITIVE_INFINITY
  const scheduler = { batchedTokens, promptsPerStep: Number.POSITIVE_INFINITY, maxRunning, cacheTokens, outputReserve }
  return simulateServing(law, mixOf(workload, concurrency, false), scheduler)
}

/** MaxText's engine under JetStream: a place for each request, and one prompt between two steps of all places. */
function slots(places: number): Scheduler {
  const { POSITIVE_INFINITY: unbounded } = Number
  return { batchedTokens: unbounded, promptsPerStep: 1, maxRunning: places, cacheTokens: unbounded, outputReserve: 0 }
}

function mixOf({ run }: Workload, concurrency: number, padded: boolean): RequestMix {
  const requests = Math.min(most, Math.max(fewest, waves * concurrency))
  return { inputLen: run.input_len!, outputLen: run.output_len!, spread: spreadOf(run.flags), padded, concurrency, requests }
}

/**
 * Tokens that the cache of one replica holds: what weights and the engine's share of the memory leave, at the bytes of a token of
 * a request of the run's context. Layers with a window or a state take less for each token of a longer one.
 */
export function tokensOfCache({ chip, run }: Workload, { required, kvCache }: MemoryParts, replicas: number): number {
  if (kvCache === 0) return Number.POSITIVE_INFINITY
  const room = chip.hbm_available_gib_per_device * gib - (required - kvCache)
  return Math.floor((Math.max(0, room) / kvCache) * (run.global_batch / replicas) * run.seq_len)
}
