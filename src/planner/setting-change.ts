import type { Framework, Run } from '../contract/experiment.ts'
import { offloadsOptimizer, optimizerOffloadFlag } from './footprint/optimizer-state.ts'
import type { ResolvedRun } from './workload.ts'

/** One setting of a run changed: in the run's own terms, in words, and as it is written for the framework. */
export interface SettingChange {
  change: Partial<Run>
  what: string
  settings: Record<string, string>
}

export function rematChange(run: Pick<ResolvedRun, 'remat'>, framework: Framework, remat: string): SettingChange {
  const name = framework === 'maxtext' ? 'remat_policy' : 'remat'
  return { change: { remat }, what: `remat ${remat} instead of ${run.remat}`, settings: { [name]: remat } }
}

export function microbatchChange(run: Pick<ResolvedRun, 'microbatches'>, framework: Framework, microbatches: number): SettingChange {
  const name = framework === 'maxtext' ? 'gradient_accumulation_steps' : 'microbatches'
  const what = `${microbatches} ${microbatches === 1 ? 'microbatch' : 'microbatches'} instead of ${run.microbatches}`
  return { change: { microbatches }, what, settings: { [name]: String(microbatches) } }
}

/** Optimizer states back from the host's memory; null where they are on the device. */
export function statesOnDeviceChange(run: ResolvedRun): SettingChange | null {
  if (!offloadsOptimizer(run)) return null
  const change = { flags: { ...run.flags, [optimizerOffloadFlag]: 'false' } }
  return { change, what: 'optimizer states on the device', settings: { [optimizerOffloadFlag]: 'false' } }
}
