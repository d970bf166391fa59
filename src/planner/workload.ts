import type { Dtype, Experiment, Framework, Objective, Phase, Run, Tune } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import type { Slice } from '../interconnect/slice.ts'
import type { ResolvedModel } from './model/resolved-model.ts'

/** A chip's figures, per chip unless the name says device; read from `knowledge/chips.json`. `null` is unknown. */
export interface Chip {
  bf16_tflops: number
  int8_tflops: number | null
  fp8_tflops: number | null
  hbm_gbps: number
  /** What the TPU compiler lets a program use on one JAX device, GiB of 2^30. */
  hbm_available_gib_per_device: number
  torus_dims: 2 | 3
  /** One way, GB/s a link. */
  ici_one_way_gbps_per_link: number
  devices_per_chip: 1 | 2
  /** The memory of a host's VM over its chips: what can be offloaded at most; null where it is not known. */
  host_memory_gib_per_chip: number | null
  /** Gbit/s a chip across slices. */
  dcn_gbps_per_chip: number | null
  usd_per_chip_hour: number
  /** The day of the list that the price is from (2026-11-23); null for an operator's own. */
  price_as_of: string | null
  /**
   * The share of paid time in which a job makes progress: the rest goes to restarts and checkpoints. 1 where the operator says
   * nothing.
   */
  goodput: number
  /** Clock implied by a matmul at peak. */
  clock_ghz: number | null
  /** A cache that decoding cuts a layer out of is laid out anew. */
  lays_cache_anew: boolean
  /** The compiler's name of the chip, and what joins its cores to one JAX device. */
  compiler_platform: string
  compiler_chip_config: 'megacore' | 'default'
  /** The compiler gathers weights beside compute without being told. */
  async_gathers: boolean
  /** Side of one systolic array: a matmul dimension that is not a multiple of it is padded. */
  mxu_side: number
  /** Between the two devices of one chip, GB/s one way; null where there is one device or the figure is not published. */
  intra_chip_gbps: number | null
}

/** A run with every default filled in. */
export interface ResolvedRun {
  global_batch: number
  seq_len: number
  microbatches: number
  /** null: the number of stages. */
  pipeline_microbatches: number | null
  activation_dtype: Dtype
  matmul_dtype: Dtype
  weight_dtype: Dtype
  optimizer_dtype: Dtype
  gradient_dtype: Dtype
  kv_dtype: Dtype
  optimizer: NonNullable<Run['optimizer']>
  remat: string
  attention: NonNullable<Run['attention']>
  moe: NonNullable<Run['moe']>
  capacity_factor: number | null
  output_len: number | null
  input_len: number | null
  /** Requests in flight where the run states them; a decoding step's batch otherwise. */
  concurrency: number | null
  flags: Record<string, string>
}

/** An experiment with its names looked up and its defaults filled in: all that the planner needs, and nothing with I/O. */
export interface Workload {
  id: string
  framework: Framework
  phase: Phase
  objective: Objective
  slo: NonNullable<Experiment['slo']>
  tune: readonly Tune[]
  chip: Chip
  slice: Slice
  /** The next larger slice of the chip; absent where there is none or nobody asked. */
  larger?: Slice
  /** Slices joined by the data-center network; 1 for a single slice. */
  slices: number
  model: ResolvedModel
  run: ResolvedRun
  /** The mesh that ran, if the experiment names one. */
  mesh: Mesh | null
  dcn: Mesh
  measured: NonNullable<Experiment['measured']>
  /** What of the experiment is approximated or not modelled, for whoever reads the figures. */
  notes?: readonly string[]
}

/** Bytes of one element. */
export const dtypeBytes: Readonly<Record<Dtype, number>> = { f32: 4, bf16: 2, int8: 1, fp8: 1, int4: 0.5, fp4: 0.5 }
