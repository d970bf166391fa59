import type { ProfileReport } from '../contract/profile-report.ts'
import type { Plan } from '../contract/verdict.ts'
import type { PlanOptions } from '../planner/plan.ts'

/** What may run in a thread, by name: its input and its answer, plain data both. */
export interface Tasks {
  plan: { input: Omit<PlanOptions, 'clock'>; answer: Plan }
  profile: { input: { source: string; mesh: readonly { name: string; size: number }[] | null }; answer: ProfileReport }
}
export type TaskName = keyof Tasks
