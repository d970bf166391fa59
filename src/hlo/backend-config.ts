import type { HloInstruction } from './types.ts'

/** What the TPU backend notes on an instruction, as far as it is used here. */
export interface BackendConfig {
  /** Cycles on the chip's clock, null where the compiler has no estimate (async transfers, custom kernels, SparseCore). */
  estimatedCycles: number | null
  /** The algorithm of a collective (`1DAllGatherNonMajorDim`, `RotatedPincerEmitter`, …). */
  collectiveEmitter: string | null
  /** What a Pallas kernel says it costs. */
  costEstimate: { flops: number; bytes: number } | null
  /** The trip count, where a loop carries one (TPU modules do not as a rule). */
  knownTripCount: number | null
  /** `OFFLOAD_COLLECTIVE`, `OFFLOAD_DATA_FORMATTING`, … */
  sparseCoreOffload: string | null
}

const empty: BackendConfig = {
  estimatedCycles: null,
  collectiveEmitter: null,
  costEstimate: null,
  knownTripCount: null,
  sparseCoreOffload: null,
}
const cache = new WeakMap<HloInstruction, BackendConfig>()
const utf8 = new TextDecoder()
/** The kernel of a Pallas call stands in its config, in base64; nothing of ours is this long. */
const maxParsed = 64 << 20

/** Reads an instruction's backend config (JSON); what is not JSON, or not of the expected form, counts as absent. */
export function backendConfig(instruction: HloInstruction): BackendConfig {
  const bytes = instruction.backendConfigBytes
  if (bytes === null || bytes.length > maxParsed) return empty
  const known = cache.get(instruction)
  if (known) return known
  const config = parse(bytes)
  cache.set(instruction, config)
  return config
}

function parse(bytes: Uint8Array): BackendConfig {
  let json: unknown
  try {
    json = JSON.parse(utf8.decode(bytes))
  } catch {
    return empty
  }
  const cost = at(json, 'custom_call_config', 'cost_estimate') ?? at(json, 'cost_estimate')
  return {
    estimatedCycles: cyclesOf(at(json, 'window_config', 'estimated_cycles')),
    collectiveEmitter: textOf(at(json, 'collective_algorithm_config', 'emitter')),
    costEstimate: cost === undefined ? null : { flops: numberOf(at(cost, 'flops')) ?? 0, bytes: numberOf(at(cost, 'bytes_accessed')) ?? 0 },
    knownTripCount: numberOf(at(json, 'known_trip_count', 'n')),
    sparseCoreOffload: textOf(at(json, 'sparse_core_config', 'offload')),
  }
}

/** The compiler writes the largest 64-bit number where it has no estimate. */
function cyclesOf(value: unknown): number | null {
  const cycles = numberOf(value)
  return cycles === null || cycles <= 0 || cycles > 1e15 ? null : cycles
}

function at(json: unknown, ...path: string[]): unknown {
  let value = json
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** Protobuf's JSON writes 64-bit numbers as strings. */
function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
