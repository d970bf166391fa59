import type { ChipName } from '../../src/contract/chip.ts'
import type { Framework, Phase } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import type { Model } from '../../src/contract/model.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice, largerSlice } from '../../src/knowledge/data/topologies.ts'
import type { ResolvedRun, Workload } from '../../src/planner/workload.ts'
import { withDims } from '../support/workload.ts'

interface Parts {
  chip?: ChipName
  topology?: string
  slices?: number
  framework?: Framework
  phase?: Phase
  model?: string
  /** Flat dims that replace some of the model's. */
  dims?: Partial<Model>
  run?: Partial<ResolvedRun>
  dcn?: Mesh
}

/** A workload for the planner's tests; 64 v5p chips and Llama-2-70B unless parts say otherwise. */
export function workloadOf(parts: Parts = {}): Workload {
  const workload = resolveWorkload(
    {
      id: 'test',
      framework: parts.framework ?? 'maxtext',
      hardware: { chip: parts.chip ?? 'v5p', topology: parts.topology ?? '4x4x4', slices: parts.slices ?? 1 },
      phase: parts.phase ?? 'train',
      model: parts.model ?? 'llama2-70b',
      run: { global_batch: 256, seq_len: 4096 },
      dcn: parts.dcn,
    },
    { findChip, findSlice, largerSlice, resolveModel },
  )
  return { ...workload, model: parts.dims ? withDims(workload.model, parts.dims) : workload.model, run: { ...workload.run, ...parts.run } }
}
