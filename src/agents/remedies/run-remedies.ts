import { remedyData } from '../../knowledge/data/remedies.ts'
import { microbatchChange, rematChange, type SettingChange, statesOnDeviceChange } from '../../planner/setting-change.ts'
import { foundIn, patternOf, type Remedy, type RemedyInput } from './remedy.ts'

/** Gradients reduced in every microbatch: as few microbatches as keep the same batch. */
export function fewerMicrobatches({ workload, patterns }: RemedyInput): Remedy | null {
  const pattern = patternOf(patterns, 'gradient_reduce_in_loop')
  const { microbatches } = workload.run
  if (pattern === null || microbatches === 1) return null
  const { change, ...told } = microbatchChange(workload.run, workload.framework, microbatches % 2 === 0 ? microbatches / 2 : 1)
  return {
    suggestion: {
      kind: 'microbatches',
      ...told,
      why: `${foundIn(pattern)}: every microbatch pays that reduction once (${remedyData().fewer_microbatches.doc})`,
      gain: null,
      by: 'anti_pattern',
    },
    change,
  }
}

/** The device waits for the host's memory: what is offloaded comes back to it. */
export function statesOnDevice({ workload, patterns }: RemedyInput): Remedy | null {
  const pattern = patternOf(patterns, 'host_transfer_waits')
  if (pattern === null) return null
  const onDevice = onDeviceChange(workload)
  if (onDevice === null) return null
  const { change, ...told } = onDevice
  return {
    suggestion: {
      kind: 'offload',
      ...told,
      why: `${foundIn(pattern)}: the copies are slower than what they save (${remedyData().states_on_device.doc})`,
      gain: null,
      by: 'anti_pattern',
    },
    change,
  }
}

function onDeviceChange({ run, framework }: RemedyInput['workload']): SettingChange | null {
  const states = statesOnDeviceChange(run)
  if (states !== null) return states
  return run.remat.endsWith('offloaded') ? rematChange(run, framework, 'full') : null
}
