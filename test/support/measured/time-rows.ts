import { type MeshTuple, toTuple } from '../../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../../src/interconnect/physical-mesh.ts'
import type { Placement } from '../../../src/interconnect/placement.ts'
import type { CostModel } from '../../../src/planner/cost-model.ts'
import { createFigures } from '../../../src/planner/figures.ts'
import type { Timing } from '../../../src/planner/time/timing.ts'
import { isThroughputRow, type MeasuredRow, measuredRow, publishedRows, qualifies, readRows } from './measured-rows.ts'

/** A row with what predicting it needs. */
export interface FitRow extends MeasuredRow {
  ici: MeshTuple
  dcn: MeshTuple
  placement: Placement
  /** A row of the accuracy measure; the others only help to fit. */
  qualifying: boolean
}

/** Rows whose dims are no decoder's: named in the output, not predicted for the median. */
export const notADecoder = new Set(['wan2.1-14b'])

export function fitRows(): FitRow[] {
  const rows: FitRow[] = publishedRows().map((row) => placed(row, true))
  for (const row of readRows()) {
    const qualifying = qualifies(row)
    if (!qualifying && !isThroughputRow(row)) continue
    const measured = measuredRow(row)
    if (measured) rows.push(placed(measured, qualifying))
  }
  return rows
}

function placed(row: MeasuredRow, qualifying: boolean): FitRow {
  const ici = toTuple(row.workload.mesh!)
  return { ...row, ici, dcn: toTuple(row.workload.dcn), placement: physicalPlacement(ici, row.workload.slice), qualifying }
}

export function predict(row: FitRow, constants: CostModel): Timing {
  return createFigures(row.workload, constants)(row.ici, row.dcn, row.placement).timing
}

/** Log of predicted over measured. */
export function logError(row: FitRow, constants: CostModel): number {
  return Math.log((predict(row, constants).step * 1000) / row.measuredMs)
}
