import { experimentIdSchema } from '../../../contract/experiment.ts'
import { isSliceName, splitSlice } from '../../find/slice-of-run.ts'
import { emptyEntry, type RunEntry } from '../experiment-source.ts'
import type { MlflowRun } from './mlflow-client.ts'
import { sliceOfPairs } from './mlflow-params.ts'
import { stepMetricOf } from './mlflow-steps.ts'

/** A run as a list has it: by its name, or by its run id where the name has characters that an id cannot have. */
export function entryOfRun(run: MlflowRun): RunEntry {
  const { info, data } = run
  const name = info.run_name ?? ''
  const param = (key: string) => data.params.find((one) => one.key === key)?.value ?? null
  const slice = sliceOfPairs([...data.params, ...data.tags], isSliceName)?.slice ?? param('compile_topology') ?? ''
  const { chip, topology } = splitSlice(slice)
  const at = info.end_time || info.start_time
  const seconds = stepMetricOf(run)?.last
  return {
    id: experimentIdSchema.safeParse(name).success ? name : info.run_id,
    ...emptyEntry,
    chip: param('hardware.chip') ?? chip,
    topology: param('hardware.topology') ?? (chip === null ? null : topology),
    model: param('model_name') ?? param('model.name') ?? param('model'),
    phase: param('phase') ?? (param('model_name') === null ? null : 'train'),
    step_time_ms: seconds !== undefined && seconds > 0 && Number.isFinite(seconds) ? Math.round(seconds * 1e6) / 1e3 : null,
    at: at ? new Date(at).toISOString() : null,
  }
}
