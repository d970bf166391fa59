import { createHash } from 'node:crypto'
import type { Case } from '../contract/case.ts'
import type { Card, Diagnosis } from '../contract/diagnosis.ts'
import type { Experiment } from '../contract/experiment.ts'
import { compactMesh } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'
import { PromptsError } from '../errors.ts'
import { toTuple } from '../interconnect/mesh-tuple.ts'
import { resolveModel } from '../knowledge/data/models.ts'
import { withLesson } from '../knowledge/lesson-of-case.ts'
import { jobOf } from '../planner/calibrate-workload.ts'
import { correctionOf, meshKind, type Outcome, type OutcomeKind } from '../planner/outcomes.ts'
import type { ResolvedRun, Workload } from '../planner/workload.ts'
import { formatShare } from '../text/units.ts'

/** Outcomes older than these do not count; the newest say how the chips and the software are now. */
const outcomesKept = 100
/** A measurement further than this from its prediction says that something else ran; it stays a case but corrects nothing. */
const believableFactor = 4

/** What a tenant's adopted cards measured, against what was predicted: corrects its next predictions. */
export function outcomesOf(ownCases: readonly Case[]): Outcome[] {
  return ownCases
    .filter(
      (item) =>
        (item.status === 'confirmed' || item.status === 'refuted') && item.predicted_step_ms !== null && item.measured_after_ms !== null,
    )
    .filter(
      ({ predicted_step_ms: predicted, measured_after_ms: measured }) =>
        Math.abs(Math.log(measured! / predicted!)) <= Math.log(believableFactor),
    )
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .slice(-outcomesKept)
    .flatMap((item) => {
      const kind = kindOf(item)
      return kind === null ? [] : [{ ...kind, predicted: item.predicted_step_ms!, measured: item.measured_after_ms! }]
    })
}

/** What a case shares with other jobs; null for a model that is no longer known. */
function kindOf({ workload, to, dcn }: Case): OutcomeKind | null {
  try {
    const job = jobOf({ slice: workload, phase: workload.phase, model: resolveModel(workload.model) })
    return { ...job, mesh: meshKind(toTuple(to ?? {}), toTuple(dcn)) }
  } catch (error) {
    if (error instanceof PromptsError) return null
    throw error
  }
}

/** The range that a correction starts from; it does not move the factor. */
const anyRange = { low: 0.7, high: 1.4 }

/**
 * How far predictions were from what was measured, as a mean factor (0.12 is 12%): as they were made, and corrected by the other
 * outcomes, each judged without itself. Null with fewer than two, because then there are no others.
 */
export function errorOfOutcomes(outcomes: readonly Outcome[]): { before: number; after: number; count: number } | null {
  if (outcomes.length < 2) return null
  const mean = (errors: readonly number[]) => Math.exp(errors.reduce((sum, error) => sum + Math.abs(error), 0) / errors.length) - 1
  const logs = outcomes.map(({ predicted, measured }) => Math.log(measured / predicted))
  const corrected = outcomes.map((outcome, i) => {
    const { factor, byMesh } = correctionOf(outcomes.toSpliced(i, 1), outcome, anyRange)
    return Math.log(outcome.measured / outcome.predicted) - Math.log(factor * (byMesh[outcome.mesh] ?? 1))
  })
  return { before: mean(logs), after: mean(corrected), count: outcomes.length }
}

/** The errors in words, for the notes of a diagnosis and the answer to an outcome; empty with too few outcomes. */
export function describeErrors(outcomes: readonly Outcome[]): string[] {
  const errors = errorOfOutcomes(outcomes)
  if (errors === null) return []
  const { before, after, count } = errors
  return [
    `Over ${count} recorded outcomes predictions were off by ${formatShare(before)}; corrected by the others, by ${formatShare(after)}.`,
  ]
}

/** A mesh for a job, and who is about to try it. */
interface UntriedMesh {
  tenant: string
  by: string
  at: Date
  experiment: Experiment
  workload: Workload
  verdict: Verdict
}

/**
 * The case of an adopted card. The same change of the same experiment by the same tenant is the same case, whoever adopts it and
 * however often: adopting it again refreshes it instead of adding another.
 */
export function caseOfAdoption(options: Omit<UntriedMesh, 'verdict'> & { diagnosis: Diagnosis; card: Card }): Case {
  const { workload, diagnosis, card } = options
  return {
    ...untriedCase({ ...options, verdict: card }),
    bottleneck: diagnosis.bottleneck.class,
    measured_before_ms: diagnosis.kpis.step_time_ms ?? workload.measured.step_time_ms ?? null,
    sources: [{ title: `run ${diagnosis.run}`, uri: `run:${diagnosis.run}` }],
  }
}

/** The case of a mesh that a search tried. The same mesh of the same job is one case, also when a card of it was adopted. */
export function caseOfTrial(
  options: UntriedMesh & { outcome: { result: 'ok'; stepTimeMs: number } | { result: 'oom' } | { result: 'failed' } },
): Case {
  const { by, at, experiment, outcome } = options
  const sources = [{ title: `a search of ${experiment.id}`, uri: `search:${experiment.id}` }]
  return withOutcome({ ...untriedCase(options), sources }, { ...outcome, by, at })
}

/** A mesh for a job as a case before anything is known of how it ran. */
function untriedCase({ tenant, by, at, experiment, workload, verdict }: UntriedMesh): Case {
  const from = workload.mesh
  const to = compactMesh(verdict.mesh)
  const run = { ...recordedRun(workload.run), ...verdict.changes }
  const model = typeof experiment.model === 'string' ? (workload.model.name ?? experiment.model) : experiment.model
  const what = {
    chip: workload.slice.chip,
    topology: workload.slice.dims.join('x'),
    slices: workload.slices,
    model,
    phase: workload.phase,
    run,
  }
  return {
    id: `own-${fingerprint([tenant, experiment.id, what, from, to, verdict.dcn])}`,
    tenant,
    experiment: experiment.id,
    lesson: null,
    conditions: { framework: workload.framework },
    workload: what,
    from,
    to,
    dcn: compactMesh(verdict.dcn),
    bottleneck: 'unknown',
    result: null,
    predicted_step_ms: verdict.estimate?.step_time_ms ?? null,
    measured_before_ms: workload.measured.step_time_ms ?? null,
    measured_after_ms: null,
    status: 'adopted',
    by,
    at: at.toISOString(),
    sources: [],
  }
}

/** How much slower than it was an adopted mesh may run before the case counts as proved wrong. */
const noiseShare = 0.02

/** A card that nothing was measured for before is confirmed when it ran within this factor of its prediction. */
const confirmingFactor = 1.5

/**
 * The case with how it ran. It is confirmed when the step became shorter than before (or, where nothing was measured before, came
 * within half of the prediction), refuted otherwise, and where it did not run at all.
 */
export function withOutcome(
  item: Case,
  outcome: ({ result: 'ok'; stepTimeMs: number } | { result: 'oom' } | { result: 'failed' }) & { by: string; at: Date },
): Case {
  const { by, result } = outcome
  const at = outcome.at.toISOString()
  if (outcome.result !== 'ok') return withLesson({ ...item, lesson: null, result, measured_after_ms: null, status: 'refuted', by, at })
  const { measured_before_ms: before, predicted_step_ms: predicted } = item
  const { stepTimeMs } = outcome
  const better =
    before !== null ? stepTimeMs <= before * (1 + noiseShare) : predicted === null || stepTimeMs <= predicted * confirmingFactor
  return withLesson({ ...item, lesson: null, result, measured_after_ms: stepTimeMs, status: better ? 'confirmed' : 'refuted', by, at })
}

/** The case before anything was said of how it ran. */
export function withoutOutcome(item: Case, { by, at }: { by: string; at: Date }): Case {
  return { ...item, lesson: null, result: null, measured_after_ms: null, status: 'adopted', by, at: at.toISOString() }
}

/** @throws PromptsError `impossible_measurement` for a time that is not a positive number of milliseconds. */
export function checkStepTime(stepTimeMs: number): void {
  if (Number.isFinite(stepTimeMs) && stepTimeMs > 0 && stepTimeMs < 1e10) return
  throw new PromptsError('impossible_measurement', `${stepTimeMs} ms is not a step time.`, { hint: 'Give milliseconds, such as 22900.' })
}

/** The settings that decide how a case compares with another; flags stay with the experiment. */
function recordedRun(run: ResolvedRun): Case['workload']['run'] {
  const { flags: _, pipeline_microbatches, capacity_factor, output_len, input_len, concurrency, ...rest } = run
  return {
    ...rest,
    ...(pipeline_microbatches === null ? {} : { pipeline_microbatches }),
    ...(capacity_factor === null ? {} : { capacity_factor }),
    ...(output_len === null ? {} : { output_len }),
  }
}

export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}
