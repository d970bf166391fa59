/**
 * `npm run bench:accuracy`: the planner's time, ranges, pairs of meshes and experts' configurations, predicted by constants
 * that have not seen the model where they were fitted. Prints the tables and writes them to bench/planner-fit/results.md. Memory
 * has a command of its own, `npm run bench:memory`.
 */
import { writeFileSync } from 'node:fs'
import { costModel } from '../../src/planner/cost-model.ts'
import { timeKindOf } from '../../src/planner/time-errors.ts'
import { groupBy, median, percent, quantile } from '../../test/support/measured/statistics.ts'
import { fitRows, notADecoder } from '../../test/support/measured/time-rows.ts'
import { contrasts } from './contrasts.ts'
import { crossValidate, type HeldBack, relativeError } from './cross-validate.ts'
import { heldBackFits } from './fit-rows.ts'
import { heldPairs } from './held-pairs.ts'
import { memoryReport } from './memory-accuracy.ts'
import { pairReport } from './pair-report.ts'
import { contrastReport, measuredPairReport } from './ranking-accuracy.ts'
import { regimeReport } from './regimes.ts'
import { sourceReport } from './source-report.ts'
import { rangesByKind } from './time-ranges.ts'

const rows = fitRows().filter(({ model }) => !notADecoder.has(model))
const pairs = contrasts()
const fits = heldBackFits(costModel, rows, pairs)
const held = crossValidate(rows, fits)

function timeReport(): string[] {
  const line = (name: string, group: readonly HeldBack[]) => {
    const errors = group.map(({ log }) => relativeError(log))
    return `| ${name} | ${group.length} | ${percent(median(errors))} | ${percent(quantile(errors, 0.9))} |`
  }
  const lines = [
    '## Step time, each model predicted by constants that have not seen it',
    '',
    '| Rows | N | median error | 90th percentile |',
    '|---|---|---|---|',
  ]
  lines.push(line('all', held))
  const experts = held.filter(({ row }) => row.workload.model.moeLayers > 0)
  lines.push(line('mixtures of experts', experts))
  for (const [name, group] of groupBy(held, ({ row }) => `${row.chip}, ${timeKindOf(row.workload)}`)) lines.push(line(name, group))
  lines.push('', "| Kind | rows | 90% range of measured over predicted | built without a row's model it holds |", '|---|---|---|---|')
  for (const { kind, rows: own, range } of rangesByKind(held))
    lines.push(
      `| ${kind} | ${own.length} | ${range.low.toFixed(2)} to ${range.high.toFixed(2)} | ${range.inside} of ${range.total} (${percent(range.inside / range.total)}) |`,
    )
  lines.push('', ...sourceReport(rows, crossValidate(rows, fits, 'source')))
  return lines
}

const lines = [
  ...timeReport(),
  '',
  '## Pairs of meshes, held back',
  '',
  ...pairReport(heldPairs(rows, pairs, fits), costModel.pair),
  '',
  ...regimeReport(),
  '',
  ...memoryReport(),
  '',
  ...contrastReport(fits),
  '',
  ...measuredPairReport(),
]
for (const line of lines) console.log(line)
writeFileSync('bench/planner-fit/results.md', `# Accuracy: \`npm run bench:accuracy\`\n\n${lines.join('\n')}\n`)
