/**
 * `npm run bench:memory [-- --write]`: the planner's memory beside what the TPU compiler said of MaxText's own programs, as
 * shipped and with constants that have not seen the program's model. With --write the constants go to knowledge/cost-model.json,
 * the errors by kind to knowledge/memory-errors.json, and the report to results.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { costModel } from '../../src/planner/cost-model.ts'
import { memoryCases } from '../../test/support/measured/memory-cases.ts'
import { judged, kindOf, measured, wrong } from '../../test/support/measured/memory-errors.ts'
import { errorTable } from './error-table.ts'
import { fitMemory, memoryConstants } from './fit.ts'
import { holdBack } from './held-back.ts'
import { publicReport } from './public-report.ts'
import { every, memoryTable, worst } from './report.ts'

const fittedSource = 'fitted by npm run bench:memory -- --write'
const cases = memoryCases()
const held = holdBack(costModel, cases)
const shipped = cases.map((one) => judged(one, costModel))
const versions = [...new Set(cases.map(({ jax }) => jax))].join(', ')

const lines = [
  '# The planner’s memory beside MaxText’s own programs: `npm run bench:memory`',
  '',
  `${cases.length} programs that MaxText compiled ahead of time (jax ${versions}); needed is the compiler's peak of a device. Of a program that does not`,
  'fit the compiler tells what was left when it gave up, so errors are those of the programs that fit.',
  '',
  '## Each model predicted by constants that have not seen it',
  '',
  ...memoryTable(held),
  '',
  'The worst five:',
  '',
  ...worst(held, 5),
  '',
  `Sure and wrong: ${
    wrong(held)
      .map(({ one }) => one.id)
      .join(', ') || 'none'
  }.`,
  '',
  '## As shipped',
  '',
  ...memoryTable(shipped).slice(0, 3),
  '',
  `Sure and wrong: ${
    wrong(shipped)
      .map(({ one }) => one.id)
      .join(', ') || 'none'
  }.`,
  '',
  '## Public jobs',
  '',
  ...publicReport(),
  '',
  '## Every program, predicted without its model',
  '',
  ...every(held),
]
console.log(lines.join('\n'))

if (process.argv.includes('--write')) {
  const fitted = fitMemory(costModel, cases)
  const path = 'knowledge/cost-model.json'
  const json = JSON.parse(readFileSync(path, 'utf8')) as Record<string, Record<string, { value: number; source: string }>>
  for (const { key } of memoryConstants) json.memory![key] = { value: round(fitted.memory[key]), source: fittedSource }
  // one line a constant
  const text = JSON.stringify(json, null, 2).replace(
    /\{\n\s+"value": ([^\n]+),\n\s+"source": ([^\n]+)\n\s+\}/g,
    '{ "value": $1, "source": $2 }',
  )
  writeFileSync(path, `${text}\n`)
  writeErrors()
  writeFileSync(new URL('./results.md', import.meta.url), `${lines.join('\n')}\n`)
}

function writeErrors(): void {
  const path = 'knowledge/memory-errors.json'
  const json = JSON.parse(readFileSync(path, 'utf8')) as { errors: Record<string, { programs: number; bias: number; scale: number }> }
  const fitting = held.filter(measured).map(({ one, log }) => ({ kind: kindOf(one), log }))
  for (const [kind, { programs, bias, scale }] of errorTable(fitting))
    json.errors[kind] = { programs, bias: round(bias), scale: round(scale) }
  const text = JSON.stringify(json, null, 2).replace(
    /\{\n\s+"programs": (\d+),\n\s+"bias": ([^\n]+),\n\s+"scale": ([^\n]+)\n\s+\}/g,
    '{ "programs": $1, "bias": $2, "scale": $3 }',
  )
  writeFileSync(path, `${text}\n`)
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
