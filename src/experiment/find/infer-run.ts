import { PromptsError } from '../../errors.ts'
import { inferJob } from '../../hlo/infer/infer-job.ts'
import type { InferredJob } from '../../hlo/infer/inferred.ts'
import type { HloModule } from '../../hlo/types.ts'
import { experimentOfJob, type InferredExperiment } from '../infer/experiment-of-job.ts'
import { type SliceEvidence, type SliceSubject, sliceOfRun, splitSlice } from './slice-of-run.ts'
import type { SliceTable } from './slice-table.ts'

/** The job of the program that says most of itself. Null where none is known by its names. */
export function jobOfModules(modules: readonly HloModule[]): InferredJob | null {
  const jobs = modules.map(inferJob).filter((job) => job.embed !== null && job.layers !== null)
  return jobs.sort((a, b) => a.open.length - b.open.length)[0] ?? null
}

/**
 * An experiment from the programs in a profile alone, once the slice is known by the profile's device and the devices that the
 * program lays out. Null where the profile holds no program that is understood. What is missing is said in the notes, never
 * thrown.
 */
export async function inferRun(
  modules: readonly HloModule[],
  { id, evidence, table }: { id: string; evidence: SliceEvidence; table: SliceTable },
): Promise<InferredExperiment | null> {
  const job = jobOfModules(modules)
  if (job === null) return null
  try {
    const answer = await sliceOfRun(subjectOf(job, id), evidence, table)
    const { chip, topology } = splitSlice(answer.slice)
    if (chip === null) return null
    const devices = table.findSlice(chip, topology).devices
    const slices = job.devices !== null && job.devices.value % devices === 0 ? job.devices.value / devices : 1
    const inferred = experimentOfJob(job, { id, chip, topology, slices })
    return { ...inferred, notes: [...inferred.notes, `the slice ${answer.slice} is from ${answer.from}`] }
  } catch (error) {
    if (!(error instanceof PromptsError)) throw error
    return { experiment: null, notes: [`${error.message}. ${error.hint}`] }
  }
}

/** What the slice is found by: so many devices, of one slice unless something says otherwise. */
function subjectOf(job: InferredJob, id: string): SliceSubject {
  return {
    what: `run ${id}`,
    slice: null,
    devices: job.crossesSlices ? null : (job.devices?.value ?? null),
    slices: 1,
    otherHardware: null,
  }
}
