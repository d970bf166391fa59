import type { HloModule } from '../types.ts'

/** What an input of a program is for. */
export type InputKind = 'weight' | 'optimizer' | 'cache' | 'batch'

/**
 * One input of a program: a name of the framework's in its parts, the whole job's dimensions, and over how many devices each is
 * split.
 */
export interface ProgramInput {
  /** As the program names it: `state['params']['layers']['wo']`. */
  name: string
  path: string[]
  kind: InputKind
  type: string
  dims: number[]
  split: number[]
}

const optimizerParts = new Set(['optimizer', 'opt_state', 'mu', 'nu', 'v_row', 'v_col', 'momentum', 'trace', 'opt'])
const cacheParts = new Set([
  'cache',
  'kv_cache',
  'cached_prefill_key',
  'cached_ar_key',
  'cached_key',
  'cached_value',
  'kv_caches',
  'key_cache',
  'value_cache',
])
const batchParts = new Set(['batch', 'data', 'inputs', 'tokens', 'targets', 'positions', 'input_ids', 'token_ids', 'decoder_input_tokens'])
const weightParts = new Set(['params', 'weights', 'kernel', 'embedding', 'scale', 'model'])

/** The inputs of a program that have a name and a known sharding. A shape is one device's; times its splits it is the job's. */
export function programInputs(module: HloModule): ProgramInput[] {
  const inputs: ProgramInput[] = []
  if (!hasShardings(module)) return inputs
  for (const { opcode, shape, opName, sharding } of module.entry.instructions) {
    if (opcode !== 'parameter' || opName === '' || shape.elements.length > 0) continue
    // flax's nnx holds each array in a variable, as its `value`
    const path = opName.replace(/\.value$/, '').match(/[A-Za-z0-9_]+/g) ?? ([] as string[])
    const kind = kindOf(path)
    if (kind === null || path.includes('rngs')) continue
    const tiled = sharding?.kind === 'tiled'
    const split = shape.dims.map((_, i) => (tiled ? (sharding.tileDims[i] ?? 1) : 1))
    inputs.push({ name: opName, path, kind, type: shape.type, dims: shape.dims.map((size, i) => size * split[i]!), split })
  }
  return inputs
}

/** Shapes of a partitioned program are one device's: without any sharding nothing tells what they are of the whole. */
function hasShardings({ numPartitions, entry }: HloModule): boolean {
  return (numPartitions ?? 1) <= 1 || entry.instructions.some(({ opcode, sharding }) => opcode === 'parameter' && sharding !== null)
}

/** Devices that the program is compiled for: every tiled sharding lays out all of them. Null where none is tiled. */
export function devicesOf(module: HloModule): number | null {
  let devices: number | null = null
  for (const { opcode, sharding } of module.entry.instructions) {
    if (opcode !== 'parameter' || sharding?.kind !== 'tiled') continue
    devices = Math.max(
      devices ?? 1,
      sharding.tileDims.reduce((product, size) => product * size, 1),
    )
  }
  return devices
}

function kindOf(path: readonly string[]): InputKind | null {
  if (path.some((part) => optimizerParts.has(part))) return 'optimizer'
  if (path.some((part) => cacheParts.has(part))) return 'cache'
  if (path.some((part) => weightParts.has(part))) return 'weight'
  return path.some((part) => batchParts.has(part)) ? 'batch' : null
}
