import { calibrated, calibrateToProfile } from '../../src/planner/calibrate.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'
import { type FitRow, predict } from '../../test/support/measured/time-rows.ts'
import type { HeldBackFits } from './fit-rows.ts'

/** One row predicted from another row of the same chip and model: what calibration to a baseline leaves of the error. */
export interface CalibratedPrediction {
  from: FitRow
  row: FitRow
  model: string
  /** Log of predicted over measured. */
  log: number
}

/**
 * Every ordered pair of rows of one chip, model and matmul dtype that differ in mesh, batch, topology or settings, with constants
 * that never saw the model. Repeats of one configuration are left out: they would only show the noise of the measurement.
 */
export function calibratedPredictions(rows: readonly FitRow[], fits: HeldBackFits): CalibratedPrediction[] {
  const predictions: CalibratedPrediction[] = []
  for (const [model, group] of groupBy(
    rows.filter(({ qualifying }) => qualifying),
    (row) => row.model,
  )) {
    const constants = fits.without(model)
    for (const from of group)
      for (const row of group) {
        if (
          from.chip !== row.chip ||
          from.workload.run.matmul_dtype !== row.workload.run.matmul_dtype ||
          configuration(from) === configuration(row)
        )
          continue
        const measured = { step_time_ms: from.measuredMs }
        const calibration = calibrateToProfile({
          workload: { ...from.workload, measured },
          predicted: predict(from, constants),
          kpis: null,
          constants,
        })
        const step = calibrated(predict(row, constants), calibration).step
        predictions.push({ from, row, model: `${row.chip} ${row.model}`, log: Math.log((step * 1000) / row.measuredMs) })
      }
  }
  return predictions
}

function configuration({ workload }: FitRow): string {
  const { run, mesh, slice, slices } = workload
  return JSON.stringify([mesh, slice.dims, slices, run.global_batch, run.seq_len, run.remat, run.flags])
}
