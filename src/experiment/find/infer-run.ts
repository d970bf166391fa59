import type { Answers, OpenQuestion } from '../../contract/answers.ts'
import { PromptsError } from '../../errors.ts'
import { inferJob } from '../../hlo/infer/infer-job.ts'
import type { InferredJob } from '../../hlo/infer/inferred.ts'
import type { HloModule } from '../../hlo/types.ts'
import { answerJob } from '../infer/answer-job.ts'
import { experimentOfJob, type InferredExperiment } from '../infer/experiment-of-job.ts'
import { questionsOf, soleModel } from '../infer/questions.ts'
import { type SliceEvidence, type SliceSubject, sliceOfRun, splitSlice } from './slice-of-run.ts'
import { sliceQuestion } from './slice-question.ts'
import type { SliceTable } from './slice-table.ts'

/** An experiment of a profile alone, and what stays open. */
export interface InferredRun extends InferredExperiment {
  /** Where it ran, as far as that is known. */
  slice: string | null
  questions: OpenQuestion[]
}

/** The job of the program that says most of itself. Null where none is known by its names. */
export function jobOfModules(modules: readonly HloModule[]): InferredJob | null {
  const jobs = modules.map(inferJob).filter((job) => job.embed !== null && job.layers !== null)
  return jobs.sort((a, b) => a.open.length - b.open.length)[0] ?? null
}

/**
 * An experiment from the programs in a profile alone and what people said where they leave something open, once the slice is
 * known by the profile's device and the devices that the program lays out. Null where the profile holds no program that is
 * understood. What is missing is asked or said in the notes, never thrown.
 */
export async function inferRun(
  modules: readonly HloModule[],
  { id, evidence, answers, table }: { id: string; evidence: SliceEvidence; answers: Answers; table: SliceTable },
): Promise<InferredRun | null> {
  const read = jobOfModules(modules)
  if (read === null) return null
  const sole = answers.model === undefined ? soleModel(read, table.models()) : null
  const { job, model, notes } = answerJob(read, sole === null ? answers : { ...answers, model: sole }, table.modelOf)
  if (sole !== null) notes.push(`likely the model ${sole}, the only one of the library with these dims; say model=… where it is another`)
  const questions = questionsOf(job, table.models())
  try {
    const answer = await sliceOfRun(subjectOf(job, id), evidence, table)
    const { chip, topology } = splitSlice(answer.slice)
    if (chip === null) return null
    const devices = table.findSlice(chip, topology).devices
    const slices = job.devices !== null && job.devices.value % devices === 0 ? job.devices.value / devices : 1
    const inferred = experimentOfJob(job, { id, chip, topology, slices, model })
    return {
      experiment: inferred.experiment,
      notes: [...inferred.notes, ...notes, `the slice ${answer.slice} is from ${answer.from}`],
      questions,
      slice: answer.slice,
    }
  } catch (error) {
    if (!(error instanceof PromptsError)) throw error
    const place = sliceQuestion(error)
    if (place === null) return { experiment: null, notes: [...notes, `${error.message}. ${error.hint}`], questions, slice: null }
    return { experiment: null, notes, questions: [place, ...questions], slice: null }
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
