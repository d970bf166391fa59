import { axes } from '../contract/mesh.ts'
import type { MeshTuple } from '../interconnect/mesh-tuple.ts'
import type { Calibration } from './calibrate.ts'

/** What an outcome is like: the more of it another job shares, the more it learns from it. */
export interface OutcomeKind {
  /** Chip, phase, dense or by its experts: what shares none of this shares no error. */
  family: string
  model: string
  /** The axes that the mesh uses: `data+model`, across slices `dcn replica`. */
  mesh: string
}

/** One adopted proposal: what was predicted for it, and what it measured later. */
export interface Outcome extends OutcomeKind {
  predicted: number
  measured: number
}

/** How much a tenant's outcomes correct predictions for one job. */
export interface OutcomeCorrection {
  /** Multiplies every predicted step. */
  factor: number
  /** On top of it, for meshes of a kind that was measured; by `OutcomeKind.mesh`. */
  byMesh: Record<string, number>
  /**
   * The same for a job that is anchored to what it measured on another kind of mesh: its own model's outcomes, all that they were
   * off.
   */
  anchored: Record<string, number>
  /** The 90% range, as factors of the corrected step. */
  low: number
  high: number
  /** Outcomes of the job's family. */
  count: number
}

/**
 * Models that count for as much as what is believed of their family without any: the outcomes of one model share an error of
 * their own.
 */
const familyPrior = 4
/**
 * Outcomes that count for as much as what is believed without any: of the model beside the family, of the kind of mesh beside
 * both.
 */
const modelPrior = 1.5
const meshPrior = 1
/** Outcomes that the range of the model alone counts for. */
const rangePrior = 4
/** Two-sided 90% of a normal. */
const z90 = 1.645

/** The kind of mesh that sizes make. */
export function meshKind(ici: MeshTuple, dcn: MeshTuple): string {
  const used = (tuple: MeshTuple) => axes.filter((_, i) => (tuple[i] ?? 1) > 1).join('+')
  const across = used(dcn)
  return across === '' ? used(ici) : `${used(ici)} dcn ${across}`
}

/**
 * What outcomes say of one job, level by level: the mean log ratio of measured to predicted of the models of its family, what its
 * own outcomes leave of that, what those of one kind of mesh leave of both; each shrunk towards nothing by how few there are.
 * Outcomes of another family say nothing. The range is the model's own and the spread that is left, each by its count.
 */
export function correctionOf(
  outcomes: readonly Outcome[],
  job: Pick<OutcomeKind, 'family' | 'model'>,
  prior: Pick<Calibration, 'low' | 'high'>,
): OutcomeCorrection {
  const family = outcomes.filter(
    (o) => o.family === job.family && o.predicted > 0 && o.measured > 0 && Number.isFinite(o.measured / o.predicted),
  )
  const count = family.length
  if (count === 0) return { factor: 1, byMesh: {}, anchored: {}, low: prior.low, high: prior.high, count }
  let left = family.map((outcome) => ({ outcome, log: Math.log(outcome.measured / outcome.predicted) }))
  const anchored: Record<string, number> = {}
  for (const kind of new Set(family.map(({ mesh }) => mesh))) {
    const own = left.filter(({ outcome }) => outcome.mesh === kind && outcome.model === job.model)
    anchored[kind] = Math.exp(shrunkMean(own, modelPrior))
  }
  const models = [...new Set(family.map(({ model }) => model))]
  const ofFamily = shrunkMean(
    models.map((model) => ({
      log: shrunkMean(
        left.filter(({ outcome }) => outcome.model === model),
        modelPrior,
      ),
    })),
    familyPrior,
  )
  left = left.map(({ outcome, log }) => ({ outcome, log: log - ofFamily }))
  const ofModel = shrunkMean(
    left.filter(({ outcome }) => outcome.model === job.model),
    modelPrior,
  )
  left = left.map(({ outcome, log }) => ({ outcome, log: outcome.model === job.model ? log - ofModel : log }))
  const byMesh: Record<string, number> = {}
  for (const kind of new Set(family.map(({ mesh }) => mesh))) {
    // another model's mesh of the kind says less of it: half
    const own = left.filter(({ outcome }) => outcome.mesh === kind)
    const weight = own.some(({ outcome }) => outcome.model === job.model) ? 1 : 0.5
    byMesh[kind] = Math.exp(weight * shrunkMean(own, meshPrior + modelPrior))
  }
  const priorSpread = Math.log(prior.high / prior.low) / (2 * z90)
  let squares = rangePrior * priorSpread ** 2
  for (const { outcome, log } of left) squares += (log - Math.log(byMesh[outcome.mesh] ?? 1)) ** 2
  const spread = Math.sqrt(squares / (count + rangePrior)) * Math.sqrt(1 + 1 / (count + rangePrior))
  return { factor: Math.exp(ofFamily + ofModel), byMesh, anchored, low: Math.exp(-z90 * spread), high: Math.exp(z90 * spread), count }
}

function shrunkMean(left: readonly { log: number }[], prior: number): number {
  return left.reduce((sum, { log }) => sum + log, 0) / (left.length + prior)
}

/**
 * A calibration with a tenant's outcomes on top. A job that was measured itself (`ran`: its kind of mesh) is anchored there: of
 * the outcomes it takes only how other kinds of mesh differ from its own.
 */
export function withOutcomes(
  calibration: Calibration,
  outcomes: readonly Outcome[],
  job: Pick<OutcomeKind, 'family' | 'model'> & { ran: string | null },
): Calibration {
  const correction = correctionOf(outcomes, job, calibration)
  const { factor: all, byMesh, anchored, low, high, count } = correction
  if (count === 0) return calibration
  const factor = job.ran === null ? all : 1
  const meshFactors = job.ran === null ? byMesh : { ...anchored, [job.ran]: 1 }
  const about = `${count} recorded outcome${count === 1 ? '' : 's'} of jobs like this`
  return {
    busy: calibration.busy * factor,
    exposed: calibration.exposed * factor,
    exposedBeyond: calibration.exposedBeyond * factor,
    exposedMeasured: calibration.exposedMeasured,
    host: calibration.host * factor,
    overhead: calibration.overhead * factor,
    waiting: calibration.waiting,
    meshFactors,
    low,
    high,
    notes: [...calibration.notes, job.ran === null ? `${about}: factor ${all.toFixed(2)}` : `${about}: they move other kinds of mesh`],
  }
}

/** The calibration for one mesh: what was learned of its kind included. */
export function forMesh(calibration: Calibration, ici: MeshTuple, dcn: MeshTuple): Calibration {
  const factor = Object.keys(calibration.meshFactors).length === 0 ? 1 : (calibration.meshFactors[meshKind(ici, dcn)] ?? 1)
  if (factor === 1) return calibration
  const { busy, exposed, exposedBeyond, host, overhead } = calibration
  return {
    ...calibration,
    busy: busy * factor,
    exposed: exposed * factor,
    exposedBeyond: exposedBeyond * factor,
    host: host * factor,
    overhead: overhead * factor,
  }
}
