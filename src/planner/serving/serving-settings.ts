import { type Engine, type Framework, isEngine, type Phase } from '../../contract/experiment.ts'
import { scansLayers } from '../run-flags.ts'
import type { ResolvedRun } from '../workload.ts'
import { type EngineConstants, lengthSpread, type ServingConstants, servingConstants } from './serving-constants.ts'

type Flags = Readonly<Record<string, string>>

/** How the engines' own benchmark clients call the spread of lengths (`vllm bench serve --random-range-ratio`). */
export const spreadFlag = 'random_range_ratio'

/** An engine's constants, with what a run's flags set instead. */
export function engineOf(engine: Engine, flags: Flags, { engines }: ServingConstants = servingConstants): EngineConstants {
  const constants = engines[engine]
  const { batched_tokens: tokens, memory_fraction: fraction } = constants.settings
  if (flags[tokens] === undefined && flags[fraction] === undefined) return constants
  return {
    ...constants,
    batched_tokens: Number(flags[tokens] ?? constants.batched_tokens),
    memory_fraction: Number(flags[fraction] ?? constants.memory_fraction),
  }
}

/**
 * Requests that each of an engine's replicas runs at once at most: what the run's flags say (vLLM's limit is a replica's,
 * sglang's the server's), or its batch where more than that are in flight. Null where nothing says.
 */
export function runningLimit(engine: Engine, { global_batch: batch, concurrency, flags }: RunningLoad, replicas: number): number | null {
  const value = flags[servingConstants.engines[engine].settings.running_requests]
  if (value !== undefined) return engine === 'vllm' ? Number(value) : Math.ceil(Number(value) / replicas)
  return concurrency !== null && concurrency > batch ? Math.ceil(batch / replicas) : null
}

type RunningLoad = Pick<ResolvedRun, 'global_batch' | 'concurrency' | 'flags'>

/** How far the lengths of a run's requests spread around the given ones, as a share of them. */
export function spreadOf(flags: Flags): number {
  return Number(flags[spreadFlag] ?? lengthSpread)
}

/** What is wrong with a serving run's own settings, in words; null where nothing is. */
export function badServingSetting(framework: Framework, phase: Phase, flags: Flags): string | null {
  if (phase === 'train') return null
  const wrong = (name: string, holds: (value: number) => boolean, what: string) =>
    flags[name] !== undefined && !holds(Number(flags[name])) ? `run.flags.${name} "${flags[name]}" is no ${what}` : null
  const whole = (value: number) => Number.isInteger(value) && value > 0
  const spread = wrong(spreadFlag, (value) => value >= 0 && value < 1, 'share from 0 up to 1')
  if (!isEngine(framework)) return spread
  const { settings } = servingConstants.engines[framework]
  return (
    spread ??
    wrong(settings.batched_tokens, whole, 'whole number of tokens') ??
    wrong(settings.running_requests, whole, 'whole number of requests') ??
    wrong(settings.memory_fraction, (value) => value > 0 && value <= 1, 'share above 0 up to 1')
  )
}

/** The settings of a run that the laws of its program count. */
export function countedServingFlags(framework: Framework, phase: Phase): readonly string[] {
  if (phase !== 'decode') return []
  if (!isEngine(framework)) return framework === 'maxtext' ? [spreadFlag, 'scan_layers'] : []
  return [spreadFlag, ...Object.values(servingConstants.engines[framework].settings)]
}

/** What a decoding run's figures take for granted, in words. */
export function servingNotes({ framework, run }: { framework: Framework; run: ResolvedRun }): string[] {
  const scans = scansLayers(run.flags)
  const places = framework === 'maxtext' && scans !== true
  const lengths = isEngine(framework) || places ? spreadNote(run) : null
  return [
    ...(places && scans === null
      ? ['counted with scan_layers=false, as MaxText is run to serve; the flag scan_layers=true is counted otherwise']
      : []),
    ...(lengths === null ? [] : [lengths]),
  ]
}

/** What the latencies of a request mix rest on, in words; null where no lengths are given. */
function spreadNote({
  input_len: input,
  output_len: output,
  flags,
}: Pick<ResolvedRun, 'input_len' | 'output_len' | 'flags'>): string | null {
  if (input === null || output === null) return null
  const spread = spreadOf(flags)
  if (spread === 0) return 'latencies are for requests that are all as long as given'
  const range = (mean: number) => `${Math.max(1, Math.round(mean * (1 - spread)))} to ${Math.round(mean * (1 + spread))} tokens`
  const other = flags[spreadFlag] === undefined ? ` ("lengths vary by 20%" or the flag ${spreadFlag} for another)` : ''
  return `lengths vary by ±${Number((100 * spread).toPrecision(3))}%: ${range(input)} in, ${range(output)} out${other}`
}
