/**
 * `npm run fit:planner [-- --write]`: fits the cost model's few constants to ../shared/data/measured.tsv, and prints the errors
 * of predictions that never saw the row's model, beside the roofline alone. With --write the constants and ranges go to
 * knowledge/cost-model.json.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { costModel } from '../../src/planner/cost-model.ts'
import { floorStepMs } from '../../src/planner/impossible.ts'
import { groupBootstrap, groupBy, median, percent, quantile } from '../../test/support/measured/statistics.ts'
import { fitRows, logError, notADecoder } from '../../test/support/measured/time-rows.ts'
import { calibratedPredictions } from './calibrated-coverage.ts'
import { contrasts } from './contrasts.ts'
import { crossValidate, type HeldBack, rangeOf, relativeError } from './cross-validate.ts'
import { fitPairs } from './fit-pairs.ts'
import { heldBackFits } from './fit-rows.ts'
import { fittedConstants } from './fitted-constants.ts'
import { heldPairs } from './held-pairs.ts'
import { pairReport } from './pair-report.ts'
import { rangesByKind, writeTimeErrors } from './time-ranges.ts'

const fittedSource = 'fitted by npm run fit:planner'
const lines: string[] = []
const say = (line = ''): void => {
  lines.push(line)
  console.log(line)
}

const every = fitRows()
const rows = every.filter(({ model }) => !notADecoder.has(model))
const excluded = every.filter(({ model, qualifying }) => qualifying && notADecoder.has(model))
const pairs = contrasts()
const fits = heldBackFits(costModel, rows, pairs)
const { fitted } = fits
const held = crossValidate(rows, fits)
const excludedHeld = excluded.map(
  (row): HeldBack => ({ row, log: logError(row, fitted), rooflineLog: Math.log(floorStepMs(row.workload).ms / row.measuredMs) }),
)

say('## Step time on public measurements, uncalibrated, cross-validated by model')
say()
say(
  `${held.length + excluded.length} rows of measured.tsv qualify (train, ok, a train_step time, dims, seq, gbs); ${rows.length - held.length} more rows of MaxText's tables state TFLOP/s only and help to fit.`,
)
for (const row of excluded)
  say(
    `${row.id} (${row.model} on ${row.chip}) is a diffusion transformer, not a decoder: it counts in the first line of the table, but fits nothing.`,
  )
say(
  "Policies of `custom` rows and of rows that state none are taken from the row's own recipe where it is public (scripts/row-settings.json); else full.",
)
say()
say('| Rows | N | median error | 90th percentile | bias (median) | roofline only, median |')
say('|---|---|---|---|---|---|')
summary('all', [...held, ...excludedHeld])
summary('all decoders', held)
for (const [model, group] of groupBy(held, ({ row }) => row.model)) summary(model, group)
summary(
  'remat custom',
  held.filter(({ row }) => row.remat === 'custom'),
)
summary(
  'remat not stated',
  held.filter(({ row }) => row.remat === '(none stated)'),
)
summary(
  'remat named',
  held.filter(({ row }) => row.remat !== 'custom' && row.remat !== '(none stated)'),
)
const groups = [...groupBy(held, ({ row }) => row.model).values()]
const [low, high] = groupBootstrap(groups, (items: HeldBack[]) => median(items.map(({ log }) => relativeError(log))))
say()
say(
  `95% interval of the median, resampling models: ${percent(low)} to ${percent(high)} (N = ${held.length} rows of ${groups.length} models).`,
)

say()
say('## Ranges')
say()
const kinds = rangesByKind(held)
say("| Kind | rows | models | range of measured over predicted | built without a row's model it holds |")
say('|---|---|---|---|---|')
for (const { kind, rows: own, models, range } of kinds)
  say(
    `| ${kind} | ${own.length} | ${models} | ${range.low.toFixed(2)} to ${range.high.toFixed(2)} | ${range.inside} of ${range.total} (${percent(range.inside / range.total)}) |`,
  )
say()
const anchored = calibratedPredictions(rows, fits)
const calibratedRange = rangeOf(anchored)
say(
  `Calibrated to another measured row of the same model and chip (${anchored.length} ordered pairs): median error ${percent(median(anchored.map(({ log }) => relativeError(log))))}, range ${calibratedRange.low.toFixed(2)} to ${calibratedRange.high.toFixed(2)}; built without the model it holds ${calibratedRange.inside} of ${calibratedRange.total} (${percent(calibratedRange.inside / calibratedRange.total)}).`,
)

say()
say('## Pairs of meshes')
say()
const heldBack = heldPairs(rows, pairs, fits)
const fittedPairs = fitPairs(heldBack)
for (const line of pairReport(heldBack, fittedPairs)) say(line)

say()
say('## Constants')
say()
say('| Constant | expected | fitted |')
say('|---|---|---|')
for (const { key, start } of fittedConstants) say(`| ${key} | ${start} | ${round(fitted.time[key])} |`)

say()
say('## Every row, predicted without its model')
say()
say('| Row | chip | model | mesh | remat | measured s | predicted s | error |')
say('|---|---|---|---|---|---|---|---|')
for (const { row, log } of [...held, ...excludedHeld]) {
  const mesh = Object.entries(row.workload.mesh!).filter(([, size]) => size !== 1)
  const text = mesh.map(([axis, size]) => `${axis} ${size}`).join(' × ')
  const measured = row.measuredMs / 1000
  say(
    `| ${row.id} | ${row.chip} | ${row.model} | ${text} | ${row.remat} | ${measured.toFixed(3)} | ${(measured * Math.exp(log)).toFixed(3)} | ${percent(Math.exp(log) - 1, 0)} |`,
  )
}
writeFileSync('bench/planner-fit/results-step-time.md', `# Step time: \`npm run fit:planner\`\n\n${lines.join('\n')}\n`)

if (process.argv.includes('--write')) {
  const path = 'knowledge/cost-model.json'
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, { value: number; source: string }>>
  for (const { key } of fittedConstants) json.time![key] = { value: round(fitted.time[key]), source: fittedSource }
  for (const [key, value] of Object.entries(fittedPairs)) json.pair![key] = { value: round(value), source: fittedSource }
  const ranges = {
    calibrated_low: calibratedRange.low,
    calibrated_high: calibratedRange.high,
  }
  for (const [key, value] of Object.entries(ranges)) json.range![key] = { value: round(value), source: fittedSource }
  let text = JSON.stringify(json, null, 2)
  // one line a constant
  text = text.replace(/\{\n\s+"value": ([^\n]+),\n\s+"source": ([^\n]+)\n\s+\}/g, '{ "value": $1, "source": $2 }')
  writeFileSync(path, `${text}\n`)
  console.log(`\nwrote ${path}`)
  writeTimeErrors(kinds)
}

function summary(name: string, group: readonly HeldBack[]): void {
  if (group.length === 0) return
  const errors = group.map(({ log }) => relativeError(log))
  const bias = Math.exp(median(group.map(({ log }) => log))) - 1
  const roofline = median(group.map(({ rooflineLog }) => relativeError(rooflineLog)))
  say(
    `| ${name} | ${group.length} | ${percent(median(errors))} | ${percent(quantile(errors, 0.9))} | ${percent(bias)} | ${percent(roofline)} |`,
  )
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
