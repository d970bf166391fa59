/**
 * `npm run bench:sizing`: whether the slices that `prompts size` passes over ever hide its answer: many jobs sized as it does,
 * and with every slice judged. Prints a table and writes bench/sizing/results.md.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Size } from '../../src/contract/size.ts'
import { readSizeLine } from '../../src/experiment/one-line/read-size-line.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { modelNames } from '../../src/knowledge/data/models.ts'
import { sliceNames, slicesOfDevices } from '../../src/knowledge/data/topologies.ts'
import { sizeEverySlice, sizeJob } from '../../src/planner/size-job.ts'

type Option = Size['options'][number]
const vocabulary = { catalog: openCatalog(), modelNames: modelNames(), sliceNames: sliceNames(), slicesOfDevices }
const folder = new URL('.', import.meta.url)
const jobs = readFileSync(new URL('jobs.txt', folder), 'utf8')
  .split('\n')
  .filter((line) => line.trim() !== '')

const cost = (option: Option) => option.usd_total ?? option.usd_per_hour
const show = (option: Option | undefined) =>
  option === undefined ? 'none' : `${option.slices > 1 ? `${option.slices} x ` : ''}${option.slice}${option.meets ? '' : ' (misses)'}`

const rows: string[] = []
let same = 0
let dearest = 1
for (const job of jobs) {
  const { ladders, budget } = readSizeLine(job, vocabulary)
  const begun = performance.now()
  const [found] = sizeJob({ ladders, budget })
  const seconds = (performance.now() - begun) / 1000
  const [best] = sizeEverySlice({ ladders, budget })
  const equal =
    found !== undefined && best !== undefined && found.meets === best.meets && (!best.meets || cost(found) <= cost(best) * 1.0001)
  if (equal) same++
  const ratio = found?.meets && best?.meets ? cost(found) / cost(best) : 1
  dearest = Math.max(dearest, ratio)
  const row = `| ${job} | ${ladders.flat().length} | ${show(found)} | ${show(best)} | ${equal ? 'same' : ratio > 1 ? `${((ratio - 1) * 100).toFixed(1)}% dearer` : 'another'} | ${seconds.toFixed(2)} s |`
  console.log(row)
  rows.push(row)
}
const summary = `${same} of ${jobs.length} jobs have the same answer as with every slice judged; where both meet the job, the answer is at most ${((dearest - 1) * 100).toFixed(1)}% dearer.`
console.log(summary)
writeFileSync(
  new URL('results.md', folder),
  [
    '# Sizes with slices passed over, and with every slice judged',
    '',
    'Written by `npm run bench:sizing`. An answer is the same when it meets the job (or misses it) as the best of all slices does, and costs no more.',
    '',
    '| Job | Slices | `prompts size` | Every slice | | Time |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    summary,
    '',
  ].join('\n'),
)
