/**
 * `npm run bench:learning`: public measurements as a tenant's outcomes, in random orders. Every row is predicted by constants
 * that have not seen its model, and once more by some that have not seen its source, which is what a tenant's own software is
 * like; first as it is, then corrected by the rows that came before it. Prints how far off predictions are with none, one, two
 * and at least three related outcomes before them, pairs of meshes in the wrong order, and by how much an unrelated job moves;
 * writes results.md.
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
interface Pairs {
  count: number
  wrongBefore: number
  wrongAfter: number
}

interface Judged {
  /** Outcomes of the model on the same family, and of the family, that came before. */
  related: number
  family: number
  before: number
  after: number
}

/** Every row, predicted by constants that have not seen what `by` says it shares. */
function streamOf(by: 'model' | 'source'): StreamRow[] {
  return crossValidate(rows, fits, by).map(({ row, log }): StreamRow => {
    const { workload, ici, dcn, measuredMs } = row
    const outcome = { ...jobOf(workload), mesh: meshKind(ici, dcn), measured: measuredMs, predicted: measuredMs * Math.exp(log) }
    const { slice, run } = workload
    return { outcome, job: [outcome.family, outcome.model, slice.dims, run.global_batch, run.seq_len, run.matmul_dtype].join() }
  })
}

/** Every row of the random orders as predicted, and as corrected by what came before it. */
function judge(stream: readonly StreamRow[]): { judged: Judged[]; pairs: Pairs } {
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
      if (related >= 3) countPairs(stream, { row, job, seen }, pairs)
      seen.push(outcome)
    }
  }
  return { judged, pairs }
}

/** The row beside the same job's other meshes: which is faster, as predicted and as corrected by what came before either. */
function countPairs(
  stream: readonly StreamRow[],
  { row: { outcome }, job, seen }: { row: StreamRow; job: string; seen: readonly Outcome[] },
  pairs: Pairs,
): void {
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
function unrelatedMove(stream: readonly StreamRow[]): number {
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

function report(by: 'model' | 'source'): string[] {
  const stream = streamOf(by)
  const { judged, pairs } = judge(stream)
  const some = (name: string, kept: (one: Judged) => boolean) => line(name, judged.filter(kept))
  return [
    `## Predicted by constants that have not seen its ${by}`,
    '',
    '| outcomes before it | predictions | median error as predicted | corrected | less |',
    '|---|---|---|---|---|',
    some('none of the family', ({ family }) => family === 0),
    ...[0, 1, 2].map((count) => some(`${count} related, some of the family`, (one) => one.family > 0 && one.related === count)),
    some('3 or more related', ({ related }) => related >= 3),
    some('exactly 3 related', ({ related }) => related === 3),
    some('3 or more of the family', ({ family }) => family >= 3),
    '',
    `Pairs of meshes of one job, with three related outcomes before: ${pairs.count}, in the wrong order ${percent(pairs.wrongBefore / pairs.count)} as predicted, ${percent(pairs.wrongAfter / pairs.count)} corrected.`,
    '',
    `All outcomes of other families together move a job by ${percent(unrelatedMove(stream), 2)}.`,
  ]
}

const lines = [
  '# Learning from outcomes: `npm run bench:learning`',
  '',
  `${rows.filter(({ qualifying }) => qualifying).length} public measurements in ${orders} random orders. Related: the same model on the same chip; of the family: the same chip and phase, dense or by`,
  "its experts. A source is somebody's software, as a tenant's is: nothing that was fitted has seen it.",
  '',
  ...report('model'),
  '',
  ...report('source'),
]
console.log(lines.join('\n'))
writeFileSync(new URL('./results.md', import.meta.url), `${lines.join('\n')}\n`)
