import type { Size } from '../contract/size.ts'
import type { Plan } from '../contract/verdict.ts'
import type { InlineExperiment } from '../experiment/read-inline-experiment.ts'
import type { PlanOptions } from '../planner/plan.ts'
import type { SizeOptions } from '../planner/size-job.ts'
import type { ProfileReading } from '../profile/read-profile.ts'

/** What may run in a thread, by name: its input and its answer, plain data both. */
export interface Tasks {
  plan: { input: Omit<PlanOptions, 'clock'>; answer: Plan }
  size: { input: SizeOptions; answer: Size['options'] }
  inline: { input: { text: string; what: string }; answer: InlineExperiment }
  profile: { input: { source: string; mesh: readonly { name: string; size: number }[] | null }; answer: ProfileReading }
}
export type TaskName = keyof Tasks
