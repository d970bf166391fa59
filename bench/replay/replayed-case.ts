import type { Mesh } from '../../src/contract/mesh.ts'

/** One compiled case of bench/recorded/replay.json, its replay beside the public measurements of the same program and mesh. */
export interface ReplayedCase {
  id: string
  workload: string
  /** Cases of one group differ in their mesh alone. */
  group: string
  chip: string
  topology: string
  model: string
  phase: string
  mesh: Mesh
  dcn: Mesh
  global_batch: number
  seq_len: number
  remat: string
  /** The compiler's verdict: fits or oom. */
  status: string
  required_gib: number | null
  measured: { id: string; group: string; step_ms: number; remat: string; comparability: string }[]
  /** Null where the program did not compile or its module is not at hand. */
  replay: {
    step_time_ms: number
    compute_ms: number
    hbm_ms: number
    communication_ms: number
    exposed_communication_ms: number
    host_ms: number
    tflops_per_device: number
    notes: string[]
    top: { name: string; kind: string; ms: number; occupied_ms: number; count: number }[]
  } | null
}
