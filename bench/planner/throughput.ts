/**
 * How many candidate meshes the planner judges a second on one core, from 4 to 8192 chips: `npm run bench:planner`.
 * A candidate is a factoring of the slice's devices over the six axes. Every one is judged for legality and placed on the chips;
 * every legal one also gets memory and time, and the ranking is made. Prints the table and writes bench/planner/results.md.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { calibrateWorkload } from '../../src/planner/calibrate-workload.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { countFactorings, forEachFactoring } from '../../src/planner/enumerate.ts'
import { createMeshRules } from '../../src/planner/legality.ts'
import { search } from '../../src/planner/search.ts'
import { choicesOf } from '../../src/planner/tune.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { firstThreeEqual, smallSpaces } from '../../test/support/exhaustive.ts'

const shapes = ['2x2x1', '2x2x2', '2x2x4', '2x4x4', '4x4x4', '4x4x8', '4x8x8', '8x8x8', '8x8x16', '8x16x16', '16x16x16', '16x16x32']
const models = ['llama2-70b', 'mixtral-8x7b']
const targetPerSecond = 200_000
const shortestMeasurementMs = 400

interface Row {
  model: string
  chips: number
  space: number
  legal: number
  planMs: number
  perSecond: number
  legalPerSecond: number
  legalityPerSecond: number
}

function workloadFor(model: string, shape: string): Workload {
  const chips = shape.split('x').reduce((product, n) => product * Number(n), 1)
  return resolveWorkload(
    {
      id: 'bench',
      hardware: { chip: 'v5p', topology: shape },
      phase: 'train',
      model,
      run: { global_batch: Math.max(64, 4 * chips), seq_len: 8192 },
    },
    { findChip, findSlice, resolveModel },
  )
}

/** Median milliseconds of one call: judges are made anew each time, as a command does; the JIT is warm after the first. */
function medianMs(work: () => unknown): number {
  const times: number[] = []
  const end = performance.now() + shortestMeasurementMs
  do {
    const start = performance.now()
    work()
    times.push(performance.now() - start)
  } while (performance.now() < end || times.length < 5)
  times.sort((a, b) => a - b)
  return times[times.length >> 1]!
}

function measure(model: string, shape: string): Row {
  const workload = workloadFor(model, shape)
  const space = countFactorings(workload.slice.devices)
  const calibration = calibrateWorkload({ workload, constants: costModel })
  const choices = choicesOf(workload, costModel)
  const found = search({ workload, choices, calibration, keepIllegal: false })
  const planMs = medianMs(() => search({ workload, choices, calibration, keepIllegal: false }))
  const dcn = toTuple({})
  const legalityMs = medianMs(() => {
    const rules = createMeshRules(workload)
    forEachFactoring(workload.slice.devices, (tuple) => void rules.isLegal(tuple, dcn))
  })
  const perSecond = (count: number, ms: number) => Math.round((count / ms) * 1000)
  return {
    model,
    chips: workload.slice.chips,
    space,
    legal: found.legal,
    planMs,
    perSecond: perSecond(space, planMs),
    legalPerSecond: perSecond(found.legal, planMs),
    legalityPerSecond: perSecond(space, legalityMs),
  }
}

/** The first search of a new process, with its modules loaded and nothing compiled yet. */
function coldMs(model: string, shape: string): number {
  const script = fileURLToPath(import.meta.url)
  return Number(execFileSync(process.execPath, [script, 'cold', model, shape], { encoding: 'utf8' }))
}

function runCold(model: string, shape: string): void {
  const workload = workloadFor(model, shape)
  const start = performance.now()
  search({
    workload,
    choices: choicesOf(workload, costModel),
    calibration: calibrateWorkload({ workload, constants: costModel }),
    keepIllegal: false,
  })
  process.stdout.write(String(performance.now() - start))
}

/** Four slices of 8,192 chips with everything that tune lets vary: CPU milliseconds, memory, and what the bounds ruled out. */
function largestSpace(): string {
  const workload = {
    ...workloadFor('llama2-70b', '16x16x32'),
    slices: 4,
    tune: ['mesh', 'remat', 'microbatches', 'batch', 'offload'] as const,
  }
  const started = process.cpuUsage()
  const found = search({
    workload,
    choices: choicesOf(workload, costModel),
    calibration: calibrateWorkload({ workload, constants: costModel }),
    keepIllegal: false,
  })
  const cpuMs = process.cpuUsage(started).user / 1000
  const mib = process.memoryUsage().rss / 2 ** 20
  const n = (value: number) => value.toLocaleString('en-US')
  return `8,192 chips on four slices with every setting that may vary: ${n(found.total)} candidates, ${n(found.legal)} legal, ${n(found.cut)} ruled out by bounds, ${cpuMs.toFixed(0)} ms of one core, ${mib.toFixed(0)} MiB.`
}

/** How many small spaces have the same first three as without bounds. */
function boundsAgree(): string {
  const spaces = smallSpaces()
  const equal = spaces.filter(firstThreeEqual).length
  return `The first three are those of the exhaustive search in ${equal} of ${spaces.length} spaces that can be exhausted.`
}

function table(rows: readonly Row[]): string {
  const n = (value: number) => value.toLocaleString('en-US')
  const lines = rows.map(
    (row) =>
      `| ${row.model} | ${n(row.chips)} | ${n(row.space)} | ${n(row.legal)} | ${row.planMs.toFixed(2)} | ${n(row.perSecond)} | ${n(row.legalPerSecond)} | ${n(row.legalityPerSecond)} |`,
  )
  return [
    '| Model | Chips | Candidates | Legal | Search, ms | Candidates judged a second | Legal ones evaluated a second | Legality alone, a second |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

function main(): void {
  const rows = models.flatMap((model) => shapes.map((shape) => measure(model, shape)))
  const slowest = Math.min(...rows.filter((row) => row.chips >= 256).map((row) => row.perSecond))
  const cold = models.map((model) => `${model} ${coldMs(model, '8x16x16').toFixed(0)} ms`).join(', ')
  const page = [
    '# How fast the planner judges',
    '',
    `\`npm run bench:planner\`, one core of ${cpus()[0]?.model.trim() ?? 'an unknown CPU'}, Node ${process.version}, v5p, training at 8,192 tokens a sequence.`,
    'A candidate is a factoring of the devices over the six axes. Each is judged for legality and laid on the chips; each legal one gets memory',
    'and time and is ranked. Medians of repeated searches in one process; every search starts with an empty judge.',
    '',
    table(rows),
    '',
    `Slowest from 256 chips on: ${slowest.toLocaleString('en-US')} candidates a second; the target is ${targetPerSecond.toLocaleString('en-US')}.`,
    `The first search of a new process, 2,048 chips, six axes: ${cold}.`,
    largestSpace(),
    boundsAgree(),
    '',
  ].join('\n')
  writeFileSync(new URL('./results.md', import.meta.url), page)
  process.stdout.write(`${page}\n`)
  if (slowest < targetPerSecond) process.exitCode = 1
}

if (process.argv[2] === 'cold') runCold(process.argv[3]!, process.argv[4]!)
else main()
