import { backendConfig } from './backend-config.ts'
import { calledBy, operandsOf } from './graph.ts'
import { expandGroups, groupSizeOf } from './replica-groups.ts'
import { bytesOf } from './shape.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

export type CollectiveKind = 'all-gather' | 'all-reduce' | 'reduce-scatter' | 'all-to-all' | 'collective-permute' | 'broadcast'

/** A collective as the compiler left it, whatever it is wrapped in. */
export interface CollectiveOp {
  kind: CollectiveKind
  /**
   * The payload of one device: the whole gathered array of an all-gather, the whole array that goes into a reduce-scatter or
   * all-reduce, what one device exchanges in an all-to-all or sends in a permute.
   */
  bytes: number
  /** Devices that talk to each other; 2 for a permute. */
  groupSize: number
  /** The devices of the first group (all groups of a collective look alike), or null where the module names none. */
  group: readonly number[] | null
  pairs: readonly (readonly [number, number])[]
  /** Starts here, ends at a `-done`. */
  async: boolean
  /** Runs on the SparseCores beside the TensorCore. */
  sparseCore: boolean
  /** Over the network between slices. */
  dcn: boolean
  emitter: string | null
  /** The collective itself, inside its wrapper. */
  inner: HloInstruction
}

const kinds: Readonly<Record<string, CollectiveKind>> = {
  'all-gather': 'all-gather',
  'all-reduce': 'all-reduce',
  'reduce-scatter': 'reduce-scatter',
  'all-to-all': 'all-to-all',
  'ragged-all-to-all': 'all-to-all',
  'collective-permute': 'collective-permute',
  'collective-broadcast': 'broadcast',
}

const cache = new WeakMap<HloInstruction, CollectiveOp | null>()

/**
 * The collective that an instruction is or starts, or null: a plain one, a `-start`, an `async-start` whose computation holds one
 * (SparseCore offload included), a fusion of an all-reduce with a slice (a reduce-scatter), a `send` to other slices.
 */
export function collectiveOf(module: HloModule, computation: HloComputation, instruction: HloInstruction): CollectiveOp | null {
  const known = cache.get(instruction)
  if (known !== undefined) return known
  const found = classify(module, computation, instruction)
  cache.set(instruction, found)
  return found
}

function classify(module: HloModule, computation: HloComputation, instruction: HloInstruction): CollectiveOp | null {
  const { opcode } = instruction
  const plain = kinds[opcode.replace(/-start$/, '')]
  if (plain) return describe(computation, instruction, { kind: plain, async: opcode.endsWith('-start'), sparseCore: false })
  if (opcode === 'async-start') return wrapped(module, instruction, true)
  if (opcode === 'fusion') return fused(module, instruction)
  if (opcode === 'send') return acrossSlices(computation, instruction)
  return null
}

/**
 * A fusion may be a whole collective, or start one (`AsyncCollectiveStart` inside). The fusions between a start and its done that
 * carry the collective along (a tuple at their root) are the core's own work; so is the done.
 */
function fused(module: HloModule, fusion: HloInstruction): CollectiveOp | null {
  if (collectiveRole(module, fusion) === 'start') return wrapped(module, fusion, true)
  const root = calledBy(module, fusion)[0]?.root
  if (root === null || root === undefined || root.opcode === 'tuple' || root.customCallTarget === 'AsyncCollectiveDone') return null
  return wrapped(module, fusion, false)
}

/** Whether a fusion starts or ends an asynchronous collective. */
export function collectiveRole(module: HloModule, fusion: HloInstruction): 'start' | 'done' | null {
  if (fusion.opcode !== 'fusion') return null
  for (const computation of calledBy(module, fusion)) {
    for (const { customCallTarget } of computation.instructions) {
      if (customCallTarget === 'AsyncCollectiveStart') return 'start'
      if (customCallTarget === 'AsyncCollectiveDone') return 'done'
    }
  }
  return null
}

function wrapped(module: HloModule, instruction: HloInstruction, async: boolean): CollectiveOp | null {
  const found = findInner(module, instruction, 0)
  if (found === null) return null
  const plain = kinds[found.instruction.opcode.replace(/-start$/, '')]!
  const scatters = plain === 'all-reduce' && found.computation.root?.opcode === 'dynamic-slice'
  const sparseCore = instruction.thread === 'sparsecore'
  return describe(found.computation, found.instruction, { kind: scatters ? 'reduce-scatter' : plain, async, sparseCore })
}

function findInner(
  module: HloModule,
  instruction: HloInstruction,
  depth: number,
): { computation: HloComputation; instruction: HloInstruction } | null {
  if (depth > 3) return null
  for (const computation of calledBy(module, instruction)) {
    for (const inner of computation.instructions) {
      if (kinds[inner.opcode.replace(/-start$/, '')]) return { computation, instruction: inner }
      if (inner.called.length > 0 && ['call', 'async-start', 'fusion'].includes(inner.opcode)) {
        const deeper = findInner(module, inner, depth + 1)
        if (deeper) return deeper
      }
    }
  }
  return null
}

function describe(
  computation: HloComputation,
  inner: HloInstruction,
  form: { kind: CollectiveKind; async: boolean; sparseCore: boolean },
): CollectiveOp {
  let bytes = 0
  for (const operand of operandsOf(computation, inner)) bytes += bytesOf(operand.shape)
  const group = inner.replicaGroups ? (expandGroups(inner.replicaGroups)[0] ?? null) : null
  const size = form.kind === 'collective-permute' ? 2 : ((inner.replicaGroups && groupSizeOf(inner.replicaGroups)) ?? group?.length ?? 1)
  if (form.kind === 'all-gather') bytes *= size
  const { collectiveEmitter } = backendConfig(inner)
  return { ...form, bytes, groupSize: size, group, pairs: inner.sourceTargetPairs, dcn: false, emitter: collectiveEmitter, inner }
}

/** A transfer of the multi-slice runtime: the kind stands in its attributes, its size is what this device sends. */
function acrossSlices(computation: HloComputation, send: HloInstruction): CollectiveOp | null {
  const type = send.attributes?._xla_megascale_transfer_type
  if (type === undefined) return null
  const kind = kinds[type.toLowerCase().replaceAll('_', '-')] ?? 'all-reduce'
  const operand = operandsOf(computation, send)[0]
  const slices = slicesOf(send.attributes?._xla_megascale_target ?? '')
  return {
    kind, bytes: operand ? bytesOf(operand.shape) * (kind === 'all-gather' ? slices : 1) : 0, groupSize: slices, group: null, pairs: [],
    async: true, sparseCore: false, dcn: true, emitter: null, inner: send,
  } // biome-ignore format: a table
}

/** `{1,2}x{0:15}`: the slices before the x. */
function slicesOf(target: string): number {
  const list = /^\{([^}]*)\}/.exec(target)?.[1] ?? ''
  let slices = 0
  for (const part of list.split(',')) {
    const range = /^(\d+):(\d+)$/.exec(part.trim())
    if (range) slices += Number(range[2]) - Number(range[1]) + 1
    else if (/^\d+$/.test(part.trim())) slices++
  }
  return Math.max(2, slices)
}
