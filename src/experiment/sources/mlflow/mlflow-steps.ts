import { stepTimeTag } from '../../events/read-event-file.ts'
import { maxTextSchedule } from '../../run-folder/maxtext-schedule.ts'
import { type StepSegment, steadySteps } from '../../run-folder/steady-steps.ts'
import type { MlflowClient, MlflowRun } from './mlflow-client.ts'

/** Names under which step times are logged, and how many seconds their unit is. */
const stepMetrics: readonly { name: RegExp; seconds: number }[] = [
  { name: /(^|[/._])step_time_seconds$/, seconds: 1 },
  { name: /(^|[/._])step_time_s(ec)?$/, seconds: 1 },
  { name: /(^|[/._])step_time_ms$/, seconds: 1e-3 },
  { name: /(^|[/._])(seconds_per_step|sec_per_step)$/, seconds: 1 },
]

/** The metric that holds a run's step times, MaxText's before others; null where it logged none. */
export function stepMetricOf(run: MlflowRun): { key: string; seconds: number; last: number } | null {
  const metrics = [...run.data.metrics].sort((a, b) => Number(b.key === stepTimeTag) - Number(a.key === stepTimeTag))
  for (const { name, seconds } of stepMetrics) {
    const found = metrics.find(({ key }) => name.test(key))
    if (found) return { key: found.key, seconds, last: Number(found.value) * seconds }
  }
  return null
}

/** The steps of a run as its metrics have them: a new start wherever the step's number falls back. */
export async function stepsOfRun(client: MlflowClient, run: MlflowRun, signal: AbortSignal): Promise<StepSegment[]> {
  const metric = stepMetricOf(run)
  if (metric === null) return []
  const values = await client.history(run.info.run_id, metric.key, signal)
  const steps = values
    .map(({ step, value }) => ({ step, seconds: value * metric.seconds }))
    .filter(({ seconds }) => seconds > 0 && Number.isFinite(seconds))
  return steps.length === 0 ? [] : [steps.sort((a, b) => a.step - b.step)]
}

/** The median of the steady steps, in milliseconds; null where none were logged. */
export async function measuredStepMs(client: MlflowClient, run: MlflowRun, signal: AbortSignal): Promise<number | null> {
  const segments = await stepsOfRun(client, run, signal)
  const [only] = segments
  if (only?.length === 1) return Math.round(only[0]!.seconds * 1e6) / 1e3
  return steadySteps(segments, maxTextSchedule(new Map())).medianMs
}
