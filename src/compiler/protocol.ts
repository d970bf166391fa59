import { z } from 'zod'
import type { Dtype, Phase } from '../contract/experiment.ts'
import type { Mesh } from '../contract/mesh.ts'
import type { LayerGroup } from '../contract/model.ts'
import type { Effort } from '../contract/verdict.ts'
import type { FlatModel } from '../planner/model/flat-model.ts'
import type { ResolvedRun } from '../planner/workload.ts'

/** A model whose layers differ. */
export interface GroupedModel {
  embed: number
  vocab: number
  tied_embeddings: boolean
  extra_parameters: number
  groups: readonly LayerGroup[]
}

/** What the compiler program reads on stdin: one JSON object. */
export interface CompileRequest {
  target: {
    platform_topology: string
    chip_config: string | null
    num_slices: number
    wrap: readonly boolean[] | null
    chips_per_host_bounds: readonly number[] | null
  }
  /** The flat form where it says all; otherwise layer groups. */
  model: FlatModel | GroupedModel
  phase: Phase
  /**
   * second_moment_dtype: adamw's, where it is not the optimizer's. remat_patterns: a pattern of layers is computed again as a
   * whole.
   */
  run: Omit<ResolvedRun, 'input_len' | 'concurrency'> & { second_moment_dtype?: Dtype; remat_patterns?: boolean }
  mesh: Mesh
  dcn: Mesh
  split_physical_axes: boolean
  effort: Effort
  /** Where the scheduled module is written, gzipped; null when it is not wanted. */
  hlo_path: string | null
}

const gib = z.number().nonnegative()

/** What it prints on stdout: one JSON object. Untrusted until parsed: it is another process. */
export const compileResponseSchema = z.object({
  /** unsupported: legal, but the reference program has no such part; no verdict. */
  status: z.enum(['fits', 'oom', 'error', 'unsupported']),
  required_gib: gib.nullable(),
  available_gib: gib.nullable(),
  memory: z
    .object({
      arguments_gib: gib,
      outputs_gib: gib,
      temporaries_gib: gib,
      aliased_gib: gib,
      generated_code_gib: gib,
      host_gib: gib.default(0),
      peak_gib: gib,
    })
    .nullable(),
  seconds: z.object({ lower: z.number().nullable(), compile: z.number().nullable() }),
  versions: z.record(z.string(), z.string()),
  effort: z.enum(['fast', 'full']).nullable(),
  message: z.string().nullable(),
  hlo_path: z.string().nullable(),
})
export type CompileResponse = z.infer<typeof compileResponseSchema>
