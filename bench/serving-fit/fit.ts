/**
 * `npm run fit:serving [-- --write]`: fits the constants of the programs that serve to their public rows, one model left out at a
 * time, and prints the errors beside what a bandwidth bound alone would say, and what quantized weights bring.
 */
import { median } from '../../src/numbers/statistics.ts'
import { gib } from '../../src/planner/footprint/memory-parts.ts'
import type { TimeKind } from '../../src/planner/time-errors.ts'
import { type CheckedRange, rangeOf } from '../planner-fit/cross-validate.ts'
import { writeTimeErrors } from '../planner-fit/time-ranges.ts'
import { engineForm, type Form, fitted, heldBack, loopForm } from './fit-constants.ts'
import { jetstreamRows } from './jetstream-rows.ts'
import { printQuantized } from './print-quantized.ts'
import { quantizedRows } from './quantized-pairs.ts'
import { boundMs, figuresOf, type ServedRow } from './served-row.ts'
import { servingRows } from './serving-rows.ts'
import { writeConstants } from './write-constants.ts'

const percent = (share: number) => `${(100 * share).toFixed(0)}%`

interface Judged {
  kind: TimeKind
  rows: { row: { chip: string } }[]
  range: CheckedRange
}

function judge(name: string, kind: TimeKind, form: Form, rows: readonly ServedRow[]): Judged {
  console.log(
    `\n## ${name}\n\n| row | model | engine | measured ms | predicted ms, model left out | error | bandwidth bound ms | GiB of available |\n|---|---|---|---|---|---|---|---|`,
  )
  const held = heldBack(form, rows)
  for (const { row, predictedMs } of held) {
    const { required } = figuresOf(row).memory
    console.log(
      `| ${row.id} | ${row.model} | ${row.engine} | ${row.measuredMs.toFixed(2)} | ${predictedMs.toFixed(2)} | ${percent(predictedMs / row.measuredMs - 1)} | ${boundMs(row).toFixed(2)} | ${(required / gib).toFixed(1)} of ${row.workload.chip.hbm_available_gib_per_device} |`,
    )
  }
  const errors = held.map(({ row, predictedMs }) => Math.abs(predictedMs / row.measuredMs - 1))
  const bounds = rows.map((row) => Math.abs(boundMs(row) / row.measuredMs - 1))
  const within = (values: readonly number[]) => values.filter((error) => error <= 0.3).length
  const refused = rows.filter((row) => figuresOf(row).margin < 0).length
  console.log(
    `\nN = ${rows.length}, one model left out at a time: median error ${percent(median(errors)!)}, ${within(errors)} within 30%. Bandwidth bound alone: ${percent(median(bounds)!)}, ${within(bounds)} within 30%. Refused for memory: ${refused}.`,
  )
  const range = rangeOf(held.map(({ row, predictedMs }) => ({ model: row.model, log: Math.log(predictedMs / row.measuredMs) })))
  console.log(
    `90% range of measured over predicted: ${range.low.toFixed(2)} to ${range.high.toFixed(2)}; built without a row's model it holds ${range.inside} of ${range.total}.`,
  )
  return { kind, rows: held.map(({ row }) => ({ row: { chip: row.workload.slice.chip } })), range }
}

const engineRows = [...servingRows(), ...quantizedRows()]
const loopRows = jetstreamRows()
const judged = [
  judge('vLLM and sglang', 'served', engineForm, engineRows),
  judge("JetStream: MaxText's engine and its PyTorch twin", 'looped', loopForm, loopRows),
]
const engines = fitted(engineForm, engineRows)
const loops = fitted(loopForm, loopRows)
printQuantized({ engines, engineRows, loopRows })
if (process.argv.includes('--write')) {
  writeConstants({ engines: engines.engines, maxtext: loops.maxtext })
  writeTimeErrors(judged)
}
