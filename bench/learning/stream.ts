/**
 * `npm run bench:learning`: public measurements as a tenant's outcomes, in random orders. Every row is predicted by constants
 * that have not seen its model, first as it is, then corrected by the rows that came before it. Prints how far off predictions
 * are with none, one, two and at least three related outcomes before them, pairs of meshes in the wrong order, and by how much an
 * unrelated job moves; writes results.md.
 */
import { writeFileSync } from 'node:fs'
import { randomNumbers } from '../../src/numbers/random-numbers.ts'
import { jobOf } from '../../src/planner/calibrate-workload.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { correctionOf, meshKind, type Outcome } from '../../src/planner/outcomes.ts'
import { median, percent } from '../../test/support/measured/statistics.ts'
import { fitRows, notADecoder } from '../../test/support/measured/time-rows.ts'
import { contrasts } from '../planner-fit/contrasts.ts'
import { crossValidate, relativeError } from '../planner-fit/cross-validate.ts'
import { heldBackFits } from '../planner-fit/fit-rows.ts'

const orders = 300
const prior = { low: 0.7, high: 1.4 }

interface StreamRow {
  outcome: Outcome
  /** Rows of the same job that differ in their mesh share it. */
  job: string
}

const rows = fitRows().filter(({ model }) => !notADecoder.has(model))
const fits = heldBackFits(costModel, rows, contrasts())
const stream = crossValidate(rows, fits).map(({ row, log }): StreamRow => {
  const { workload, ici, dcn, measuredMs } = row
  const outcome = { ...jobOf(workload), mesh: meshKind(ici, dcn), measured: measuredMs, predicted: measuredMs * Math.exp(log) }
  const { slice, run } = workload
  return { outcome, job: [outcome.family, outcome.model, slice.dims, run.global_batch, run.seq_len, run.matmul_dtype].join() }
})

interface Judged {
  /** Outcomes of the model on the same family, and of the family, that came before. */
  related: number
  family: number
  before: number
  after: number
}

const judged: Judged[] = []
const pairs = { count: 0, wrongBefore: 0, wrongAfter: 0 }
const random = randomNumbers(20260101)
for (let order = 0; order < orders; order++) {
  const shuffled = stream.map((row) => ({ row, at: random() })).sort((a, b) => a.at - b.at)
  const seen: Outcome[] = []
  for (const { row } of shuffled) {
    const { outcome, job } = row
    const ofFamily = seen.filter(({ family }) => family === outcome.family)
    const related = ofFamily.filter(({ model }) => model === outcome.model).length
    judged.push({ related, family: ofFamily.length, before: errorOf(outcome, 1), after: errorOf(outcome, factorOf(seen, outcome)) })
    if (related >= 3) countPairs(row, job, seen)
    seen.push(outcome)
  }
}

/** The row beside the same job's other meshes: which is faster, as predicted and as corrected by what came before either. */
function countPairs({ outcome }: StreamRow, job: string, seen: readonly Outcome[]): void {
  for (const { outcome: other, job: otherJob } of stream) {
    if (
      otherJob !== job ||
      other.mesh === outcome.mesh ||
      seen.includes(other) ||
      Math.abs(Math.log(other.measured / outcome.measured)) < 0.05
    )
      continue
    const truth = other.measured < outcome.measured
    const corrected = (one: Outcome) => one.predicted * factorOf(seen, one)
    pairs.count++
    if (other.predicted < outcome.predicted !== truth) pairs.wrongBefore++
    if (corrected(other) < corrected(outcome) !== truth) pairs.wrongAfter++
  }
}

function factorOf(seen: readonly Outcome[], outcome: Outcome): number {
  const { factor, byMesh } = correctionOf(seen, outcome, prior)
  return factor * (byMesh[outcome.mesh] ?? 1)
}

function errorOf({ predicted, measured }: Outcome, factor: number): number {
  return relativeError(Math.log((predicted * factor) / measured))
}

/** The most that every outcome there is moves a job of a family that none of them is of. */
function unrelatedMove(): number {
  const families = new Set(stream.map(({ outcome }) => outcome.family))
  const moves = [...families].map((family) => {
    const others = stream.map(({ outcome }) => outcome).filter((outcome) => outcome.family !== family)
    const one = stream.find(({ outcome }) => outcome.family === family)
    return one ? Math.abs(factorOf(others, one.outcome) - 1) : 0
  })
  return Math.max(...moves)
}

function line(name: string, group: readonly Judged[]): string {
  const [before, after] = [median(group.map((one) => one.before)), median(group.map((one) => one.after))]
  return `| ${name} | ${group.length} | ${percent(before)} | ${percent(after)} | ${percent(1 - after / before)} |`
}

const lines = [
  '# Learning from outcomes: `npm run bench:learning`',
  '',
  `${stream.length} public measurements, each predicted by constants that have not seen its model, in ${orders} random orders. Related: the same model on the same`,
  'chip; of the family: the same chip and phase, dense or by its experts.',
  '',
  '| outcomes before it | predictions | median error as predicted | corrected | less |',
  '|---|---|---|---|---|',
  line(
    'none of the family',
    judged.filter(({ family }) => family === 0),
  ),
  ...[0, 1, 2].map((count) =>
    line(
      `${count} related, some of the family`,
      judged.filter((one) => one.family > 0 && one.related === count),
    ),
  ),
  line(
    '3 or more related',
    judged.filter(({ related }) => related >= 3),
  ),
  line(
    'exactly 3 related',
    judged.filter(({ related }) => related === 3),
  ),
  line(
    '3 or more of the family',
    judged.filter(({ family }) => family >= 3),
  ),
  '',
  `Pairs of meshes of one job, with three related outcomes before: ${pairs.count}, in the wrong order ${percent(pairs.wrongBefore / pairs.count)} as predicted, ${percent(pairs.wrongAfter / pairs.count)} corrected.`,
  '',
  `All outcomes of other families together move a job by ${percent(unrelatedMove(), 2)}.`,
]
console.log(lines.join('\n'))
writeFileSync(new URL('./results.md', import.meta.url), `${lines.join('\n')}\n`)
