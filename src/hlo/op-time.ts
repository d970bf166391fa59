import { backendConfig } from './backend-config.ts'
import { matmulFlops } from './flops.ts'
import { operandsOf } from './graph.ts'
import { kernelFlops } from './kernel-flops.ts'
import { bytesOf, elementsOf } from './shape.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'

/** One JAX device as the replay needs it. */
export interface DeviceSpeed {
  /** Clock that turns the compiler's estimated cycles into time: that of a known matmul at peak. */
  clockGhz: number
  peakTflops: number
  hbmGbps: number
  /** Side of the systolic array: a kernel whose head dimension is smaller cannot fill it. */
  mxuSide: number
  /** GB/s between the device and its host. */
  hostGbps: number
  /** Whether context parallelism gives every device the same share of causal attention, as MaxText's does; without, the last waits. */
  balancedContext?: boolean
}

export interface OpTime {
  ms: number
  /** `compute`: the MXU is busy for at least half of it; else the op waits for memory (or the vector unit). */
  bound: 'compute' | 'hbm'
  flops: number
  /** How the time came about. */
  from: 'cycles' | 'flops' | 'bytes' | 'none'
}

const free = new Set([
  'parameter', 'constant', 'tuple', 'get-tuple-element', 'bitcast', 'after-all', 'partition-id', 'replica-id', 'opt-barrier',
  'optimization-barrier', 'add-dependency', 'domain', 'copy-done', 'async-update', 'send-done', 'recv',
]) // biome-ignore format: a table

const freeTargets = new Set([
  'AllocateBuffer',
  'ConcatBitcast',
  'AssumeGatherIndicesInBound',
  'PrepareAsyncCallStart',
  'PrepareAsyncCallDone',
  'Sharding',
])

/** Below this an op without cycles costs nothing worth counting: scalars and indices. */
const smallElements = 8192

/** The time of an op that runs on the core itself: its estimated cycles, else a kernel's FLOPs, else the bytes it touches. */
export function opTime(module: HloModule, computation: HloComputation, instruction: HloInstruction, device: DeviceSpeed): OpTime {
  const none: OpTime = { ms: 0, bound: 'hbm', flops: 0, from: 'none' }
  if (free.has(instruction.opcode) || freeTargets.has(instruction.customCallTarget)) return none
  const { estimatedCycles } = backendConfig(instruction)
  if (estimatedCycles !== null) {
    const ms = estimatedCycles / (device.clockGhz * 1e6)
    const flops = matmulFlops(module, computation, instruction)
    return { ms, bound: flops / (device.peakTflops * 1e9) >= ms / 2 ? 'compute' : 'hbm', flops, from: 'cycles' }
  }
  if (instruction.opcode === 'custom-call') {
    const kernel = kernelFlops(computation, instruction, device.balancedContext ?? false)
    if (kernel === null) return none
    const fill = Math.min(1, kernel.headDim / device.mxuSide)
    return { ms: kernel.flops / (device.peakTflops * 1e9 * fill), bound: 'compute', flops: kernel.flops, from: 'flops' }
  }
  if (elementsOf(instruction.shape) < smallElements && instruction.shape.type !== 'tuple') return none
  let bytes = bytesOf(instruction.shape)
  for (const operand of operandsOf(computation, instruction)) bytes += Math.min(bytesOf(operand.shape), bytesOf(instruction.shape))
  return { ms: bytes / (device.hbmGbps * 1e6), bound: 'hbm', flops: 0, from: 'bytes' }
}
