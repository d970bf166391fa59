import type { Run } from '../contract/experiment.ts'
import { compactMesh, type Mesh } from '../contract/mesh.ts'
import type { Effort, Physical } from '../contract/verdict.ts'
import type { Workload } from '../planner/workload.ts'
import type { CompileRequest } from './protocol.ts'

/** Chips whose two cores are one JAX device under this configuration; without it no mesh is legal. */
const chipConfig: Partial<Record<Workload['slice']['chip'], string>> = { v4: 'megacore', v5p: 'megacore' }

/** The request that compiles the reference program for a workload on one mesh. */
export function compileRequest(
  workload: Workload,
  candidate: { mesh: Mesh; dcn: Mesh; changes: Partial<Run>; physical: Physical },
  options: { effort: Effort; hloPath: string | null },
): CompileRequest {
  const { slice } = workload
  const { name: _, ...model } = workload.model
  return {
    target: {
      platform_topology: `${slice.chip}:${slice.dims.join('x')}`,
      chip_config: chipConfig[slice.chip] ?? null,
      num_slices: workload.slices,
      wrap: [0, 1, 2].map((i) => slice.wrap[i] ?? false),
      chips_per_host_bounds: [0, 1, 2].map((i) => Math.min(slice.dims[i] ?? 1, i < 2 ? 2 : 1)),
    },
    model,
    phase: workload.phase,
    run: { ...workload.run, ...candidate.changes },
    mesh: compactMesh(candidate.mesh),
    dcn: compactMesh(candidate.dcn),
    split_physical_axes: candidate.physical === 'split',
    effort: options.effort,
    hlo_path: options.hloPath,
  }
}
