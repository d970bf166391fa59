import type { Run } from '../contract/experiment.ts'
import { compactMesh, type Mesh } from '../contract/mesh.ts'
import type { Effort, Physical } from '../contract/verdict.ts'
import { wholePatterns } from '../planner/footprint/layer-workspace.ts'
import { secondMomentDtype } from '../planner/footprint/optimizer-state.ts'
import { flatForm } from '../planner/model/flat-model.ts'
import type { ResolvedModel } from '../planner/model/resolved-model.ts'
import { stringFlags } from '../planner/run-flags.ts'
import type { ResolvedRun, Workload } from '../planner/workload.ts'
import type { CompileRequest, GroupedModel } from './protocol.ts'

function groupedForm({ embed, vocab, tied_embeddings, extra_parameters, groups }: ResolvedModel): GroupedModel {
  return { embed, vocab, tied_embeddings, extra_parameters, groups }
}

/**
 * What of a run the program compiles, without the requests of an engine, which are no part of a step; and what the framework does
 * otherwise.
 */
function compiledRun(run: ResolvedRun, { framework, phase, model }: Workload): CompileRequest['run'] {
  const { input_len: _, concurrency: __, ...step } = run
  const second = secondMomentDtype(run, framework)
  const patterns = phase === 'train' && wholePatterns({ framework, model }) && model.groups.some(({ layers }) => layers.length > 1)
  return {
    ...step,
    ...(run.optimizer === 'adamw' && second !== run.optimizer_dtype ? { second_moment_dtype: second } : {}),
    ...(patterns ? { remat_patterns: true } : {}),
  }
}

/** The request that compiles the reference program for a workload on one mesh. */
export function compileRequest(
  workload: Workload,
  candidate: { mesh: Mesh; dcn: Mesh; changes: Partial<Run>; physical: Physical },
  options: { effort: Effort; hloPath: string | null },
): CompileRequest {
  const { chip, slice } = workload
  const run = { ...workload.run, ...candidate.changes, flags: stringFlags(candidate.changes.flags) ?? workload.run.flags } as ResolvedRun
  return {
    target: {
      platform_topology: `${chip.compiler_platform}:${slice.dims.join('x')}`,
      // Where a chip's two cores are one JAX device no mesh is legal without it.
      chip_config: chip.compiler_chip_config === 'default' ? null : chip.compiler_chip_config,
      num_slices: workload.slices,
      wrap: [0, 1, 2].map((i) => slice.wrap[i] ?? false),
      chips_per_host_bounds: [0, 1, 2].map((i) => Math.min(slice.dims[i] ?? 1, i < 2 ? 2 : 1)),
    },
    model: flatForm(workload.model) ?? groupedForm(workload.model),
    phase: workload.phase,
    run: compiledRun(run, workload),
    mesh: compactMesh(candidate.mesh),
    dcn: compactMesh(candidate.dcn),
    split_physical_axes: candidate.physical === 'split',
    effort: options.effort,
    hlo_path: options.hloPath,
  }
}
