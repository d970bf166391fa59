import type { Framework, Run } from '../../contract/experiment.ts'
import { remedyData } from '../../knowledge/data/remedies.ts'
import { offloadsOptimizer, optimizerOffloadFlag } from '../../planner/footprint/optimizer-state.ts'
import { foundIn, patternOf, type Remedy, type RemedyInput } from './remedy.ts'

/** Gradients reduced in every microbatch: as few microbatches as keep the same batch. */
export function fewerMicrobatches({ workload, patterns }: RemedyInput): Remedy | null {
  const pattern = patternOf(patterns, 'gradient_reduce_in_loop')
  const { microbatches } = workload.run
  if (pattern === null || microbatches === 1) return null
  const fewer = microbatches % 2 === 0 ? microbatches / 2 : 1
  return {
    suggestion: {
      kind: 'microbatches',
      what: `${fewer} ${fewer === 1 ? 'microbatch' : 'microbatches'} instead of ${microbatches}`,
      why: `${foundIn(pattern)}: every microbatch pays that reduction once (${remedyData().fewer_microbatches.doc})`,
      settings: { [microbatchSetting(workload.framework)]: String(fewer) },
      gain: null,
      by: 'anti_pattern',
    },
    change: { microbatches: fewer },
  }
}

/** The device waits for the host's memory: what is offloaded comes back to it. */
export function statesOnDevice({ workload, patterns }: RemedyInput): Remedy | null {
  const pattern = patternOf(patterns, 'host_transfer_waits')
  if (pattern === null) return null
  const offloads = offloadOf(workload.run, workload.framework)
  if (offloads === null) return null
  return {
    suggestion: {
      kind: 'offload',
      what: offloads.what,
      why: `${foundIn(pattern)}: the copies are slower than what they save (${remedyData().states_on_device.doc})`,
      settings: offloads.settings,
      gain: null,
      by: 'anti_pattern',
    },
    change: offloads.change,
  }
}

function offloadOf(run: RemedyInput['workload']['run'], framework: Framework) {
  if (offloadsOptimizer(run)) {
    const change: Partial<Run> = { flags: { ...run.flags, [optimizerOffloadFlag]: 'false' } }
    return { what: 'optimizer states on the device', settings: { [optimizerOffloadFlag]: 'false' }, change }
  }
  if (!run.remat.endsWith('offloaded')) return null
  const name = framework === 'maxtext' ? 'remat_policy' : 'remat'
  return { what: `remat full instead of ${run.remat}`, settings: { [name]: 'full' }, change: { remat: 'full' } satisfies Partial<Run> }
}

function microbatchSetting(framework: Framework): string {
  return framework === 'maxtext' ? 'gradient_accumulation_steps' : 'microbatches'
}
