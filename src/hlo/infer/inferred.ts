/** How far a value may be relied on: `sure` follows from shapes and shardings alone, `likely` needs a guess about the program. */
export type Certainty = 'sure' | 'likely'

/** A value read out of a compiled program, how, and how sure it is. */
export interface Found<T> {
  value: T
  certainty: Certainty
  how: string
}

/** A value that the program does not say, by its name in an experiment file, with the answers that are likely. */
export interface OpenValue {
  name: OpenName
  choices: (string | number)[]
  why: string
}

/** What may stay open: the mesh is one question, as is everything else that stands in a file under one name. */
export type OpenName =
  | 'phase'
  | 'mesh'
  | 'layers'
  | 'embed'
  | 'mlp'
  | 'vocab'
  | 'heads'
  | 'kv_heads'
  | 'head_dim'
  | 'experts_per_token'
  | 'global_batch'
  | 'seq_len'
  | 'remat'

/**
 * The job that a compiled program runs, as far as the program says; null where it does not. Dimensions are of the whole job, not
 * of a device.
 */
export interface InferredJob {
  phase: Found<'train' | 'prefill' | 'decode'> | null
  /** JAX devices that run it, of all slices. */
  devices: Found<number> | null
  /** Some collective goes over the network between slices: the devices are of several. */
  crossesSlices: boolean
  mesh: {
    replica: Found<number>
    stage: Found<number>
    data: Found<number>
    seq: Found<number>
    model: Found<number>
    expert: Found<number>
  } | null
  layers: Found<number> | null
  /** Dense layers before a MoE's. */
  denseLayers: Found<number> | null
  embed: Found<number> | null
  mlp: Found<number> | null
  heads: Found<number> | null
  kvHeads: Found<number> | null
  headDim: Found<number> | null
  vocab: Found<number> | null
  gated: Found<boolean> | null
  tied: Found<boolean> | null
  experts: Found<number> | null
  /** Keys and values are made from latents: the dims of such attention are not read. */
  latentAttention: boolean
  expertsPerToken: Found<number> | null
  globalBatch: Found<number> | null
  seqLen: Found<number> | null
  microbatches: Found<number> | null
  /** Of a pipeline; null where there is none, or it is not told. */
  pipelineMicrobatches: Found<number> | null
  optimizer: Found<'adamw' | 'adafactor' | 'lion' | 'sgd'> | null
  remat: Found<'none' | 'full'> | null
  weightType: Found<string> | null
  optimizerType: Found<string> | null
  cacheType: Found<string> | null
  open: OpenValue[]
}

export function sure<T>(value: T, how: string): Found<T> {
  return { value, certainty: 'sure', how }
}

export function likely<T>(value: T, how: string): Found<T> {
  return { value, certainty: 'likely', how }
}

/** Devices that the batch is split over. */
export function batchWays({ replica, data, expert }: NonNullable<InferredJob['mesh']>): number {
  return replica.value * data.value * expert.value
}
