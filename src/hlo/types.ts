/** An XLA shape. Arrays have `dims`; a tuple has `elements`. */
export interface HloShape {
  /**
   * XLA's own name in lower case (`bf16`, `f32`, `s32`, `pred`, …), those of kinds without elements included (`tuple`, `token`).
   */
  type: string
  dims: readonly number[]
  /** The layout: dimension numbers from the fastest-varying to the slowest. */
  minorToMajor: readonly number[]
  tiles: readonly (readonly number[])[]
  /** 0 HBM, 1 VMEM, 5 host memory on TPU. */
  memorySpace: number
  elements: readonly HloShape[]
}

/** A mesh axis, or the part of it that starts after `preSize` and is `size` long. */
export interface AxisRef {
  axis: number
  sub: { preSize: number; size: number } | null
}

/** The device mesh a module itself names. `deviceIds` is null for 0, 1, 2, … */
export interface HloMesh {
  axes: readonly { name: string; size: number }[]
  deviceIds: readonly number[] | null
}

/** Who takes part in a collective, in the form the module holds it; `expandGroups` lists the devices. */
export type ReplicaGroups =
  | { form: 'list'; groups: readonly (readonly number[])[] }
  | { form: 'iota'; groups: number; groupSize: number; dims: readonly number[]; permutation: readonly number[] }
  | { form: 'mesh'; mesh: HloMesh; axes: readonly AxisRef[] }

/** How a value is spread over devices: the `devices=[…]` form, into which shardings by named axes are written out. */
export interface HloSharding {
  kind: 'replicated' | 'maximal' | 'tuple' | 'tiled' | 'manual' | 'unknown' | 'unreduced'
  tileDims: readonly number[]
  replicateOnLastDim: boolean
  /** The mesh that it names, where it does. */
  mesh: HloMesh | null
}

export interface DotDims {
  lhsContracting: readonly number[]
  rhsContracting: readonly number[]
  lhsBatch: readonly number[]
  rhsBatch: readonly number[]
}

/** One dimension of a convolution's window (on TPU a matmul becomes a convolution, its batch dimensions dilated windows). */
export interface WindowDim {
  size: number
  stride: number
  padLow: number
  padHigh: number
  windowDilation: number
  baseDilation: number
}

export interface ConvolutionDims {
  inputSpatial: readonly number[]
  kernelSpatial: readonly number[]
  outputSpatial: readonly number[]
  kernelInputFeature: number
  kernelOutputFeature: number
}

/** One instruction. Ids are those of its own computation; `called` are computation ids. */
export interface HloInstruction {
  id: number
  name: string
  opcode: string
  shape: HloShape
  operands: number[]
  called: number[]
  /** The framework's name of the op (`jit(step)/…/dot_general`), or empty. */
  opName: string
  /** `file:line` of the user's program, or null. */
  source: string | null
  fusionKind: string
  customCallTarget: string
  /** `sparsecore` and the like; empty is the main thread. */
  thread: string
  direction: string
  tupleIndex: number
  parameterNumber: number
  /** The value of a scalar integer or boolean constant. */
  literal: number | null
  dimensions: number[]
  dynamicSliceSizes: number[]
  dot: DotDims | null
  convolution: ConvolutionDims | null
  window: WindowDim[]
  channelId: number
  useGlobalIds: boolean
  isHostTransfer: boolean
  replicaGroups: ReplicaGroups | null
  sourceTargetPairs: [number, number][]
  sharding: HloSharding | null
  /** Frontend attributes that XLA itself set (`_xla_…`), such as those of transfers between slices. */
  attributes: Readonly<Record<string, string>> | null
  /** JSON of the TPU backend as it came; `backendConfig` reads it. */
  backendConfigBytes: Uint8Array | null
}

export interface HloComputation {
  id: number
  name: string
  thread: string
  isFusion: boolean
  /** In the order of execution where the module is scheduled, else operands before users. */
  instructions: HloInstruction[]
  byId: Map<number, HloInstruction>
  root: HloInstruction | null
}

/** A compiled graph. */
export interface HloModule {
  name: string
  entry: HloComputation
  computations: Map<number, HloComputation>
  isScheduled: boolean
  /** Devices that run the module together, where the module says so (its device assignment or the largest of its groups). */
  numPartitions: number | null
}
