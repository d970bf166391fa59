import { snippetInput } from '../../agents/cards.ts'
import type { AgentDeps } from '../../agents/deps.ts'
import type { Situation } from '../../agents/situation.ts'
import { writeSnippet } from '../../agents/snippets/snippets.ts'
import { objectionsTo, verify } from '../../agents/verifier.ts'
import { exampleShape } from '../../contract/chip.ts'
import { type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { formatMesh, type Mesh, meshSize } from '../../contract/mesh.ts'
import type { Plan, Verdict } from '../../contract/verdict.ts'
import { PromptsError } from '../../errors.ts'
import { calibrateWorkload } from '../../planner/calibrate-workload.ts'
import { verdictOfMesh } from '../../planner/verdict-of.ts'
import type { FinishedRun } from '../../runs/results.ts'
import type { Changes } from '../read-changes.ts'
import { completeMesh } from './complete-mesh.ts'
import { figuresOf } from './figures.ts'

/** What an answer may use, and when it must end. */
interface Reach {
  deps: AgentDeps
  signal: AbortSignal
}

/** What another mesh, batch, sequence, remat policy or slice would do, computed by the planner. */
export async function whatIf(finished: FinishedRun, { mesh, changes }: { mesh: Mesh; changes: Changes }, reach: Reach): Promise<string> {
  const { situation, proposed } = finished
  if (Object.keys(changes).length === 0) return otherMesh(situation, proposed.plan.ranked, mesh)
  const { chip, topology, slices } = changes
  if (chip !== undefined || topology !== undefined || slices !== undefined) return otherSlice(situation, mesh, changes, reach)
  const experiment = changedExperiment(situation.experiment, changes)
  return otherRun(finished, mesh, { experiment, told: describe(changes, experiment) }, reach)
}

function otherMesh(situation: Situation, ranked: FinishedRun['proposed']['plan']['ranked'], wanted: Mesh): string {
  const whole = completeMesh(situation, ranked, wanted)
  const { verdict, objections } = verify(situation, { mesh: whole.mesh, dcn: whole.dcn, changes: {} })
  const lines = [`${formatMesh(whole.mesh)}: ${objections.length > 0 ? `not possible: ${objections.join('; ')}` : 'legal and fits'}.`]
  if (verdict.estimate) lines.push(figuresOf(verdict, situation.baseline))
  return lines.join('\n')
}

/** int8 or fp8 for the matmuls of training, for the weights when serving. */
export async function otherPrecision(
  finished: FinishedRun,
  precision: 'int8' | 'fp8' | 'bf16' | 'int4' | null,
  reach: Reach,
): Promise<string> {
  const { experiment } = finished.situation
  const dtype = precision ?? 'int8'
  const setting = experiment.phase === 'train' ? 'matmul_dtype' : 'weight_dtype'
  if (experiment.phase === 'train' && dtype === 'int4') return 'int4 is for the weights when serving; training is not computed with it.'
  const changed = { ...experiment, run: { ...experiment.run, [setting]: dtype } }
  const text = await otherRun(finished, {}, { experiment: changed, told: `${setting}=${dtype}` }, reach)
  return `${text}\nWhat it does to the quality of the model is not computed here.`
}

/** The same slice with another run: the first card's mesh (or the asked one) under the change, and the best mesh then. */
async function otherRun(
  { situation, diagnosis, proposed }: FinishedRun,
  wanted: Mesh,
  { experiment, told }: { experiment: Experiment; told: string },
  { deps, signal }: Reach,
): Promise<string> {
  const workload = { ...deps.resolve(experiment), mesh: situation.workload.mesh, measured: {} }
  const { calibration } = situation
  const reference =
    Object.keys(wanted).length > 0
      ? completeMesh({ ...situation, workload }, proposed.plan.ranked, wanted)
      : (diagnosis.cards[0] ?? { mesh: situation.workload.mesh ?? {}, dcn: situation.workload.dcn })
  const verdict = verdictOfMesh(workload, reference.mesh, reference.dcn, { calibration })
  const objections = objectionsTo(verdict)
  const lines = [
    `With ${told}, ${formatMesh(reference.mesh)}: ${objections.length > 0 ? `not possible: ${objections.join('; ')}` : 'legal and fits'}.`,
  ]
  if (verdict.estimate) lines.push(figuresOf(verdict, situation.baseline))
  const plan = await deps.plan({ workload, calibration, top: 1 }, signal)
  lines.push(...bestThen(plan, reference.mesh, situation))
  return lines.join('\n')
}

/** Another slice or chip: what was measured on this one does not carry over, and the answer says so. */
async function otherSlice(situation: Situation, wanted: Mesh, changes: Changes, { deps, signal }: Reach): Promise<string> {
  const { experiment } = situation
  if (changes.chip !== undefined && changes.chip !== experiment.hardware.chip && changes.topology === undefined) {
    return `Which ${changes.chip} slice? For example: what if on ${changes.chip} ${exampleShape(changes.chip)}?`
  }
  const changed = changedExperiment(experiment, changes)
  const { mesh: _mesh, dcn: _dcn, measured: _measured, ...without } = changed
  const workload = deps.resolve(without)
  const sameChip = workload.slice.chip === situation.workload.slice.chip
  const calibration = sameChip ? situation.calibration : calibrateWorkload({ workload })
  const named = workload.slice.name ?? workload.slice.dims.join('x')
  const plan = await deps.plan({ workload, calibration, top: 200 }, signal)
  const lines: string[] = []
  if (Object.keys(wanted).length > 0) {
    const whole = completeMesh({ ...situation, workload, baseline: null }, plan.ranked, wanted)
    const verdict = verdictOfMesh(workload, whole.mesh, whole.dcn, { calibration })
    const objections = objectionsTo(verdict)
    lines.push(
      `${formatMesh(whole.mesh)} on ${named}: ${objections.length > 0 ? `not possible: ${objections.join('; ')}` : 'legal and fits'}.`,
    )
    if (verdict.estimate) lines.push(figuresOf(verdict, null))
  }
  const best = plan.ranked.find((verdict) => objectionsTo(verdict).length === 0)
  lines.push(
    best
      ? bestOn({ ...situation, workload }, best, slicesWords(workload.slices, named))
      : `Nothing fits on ${slicesWords(workload.slices, named)}: of ${plan.space.total} candidates ${plan.space.legal} are legal, none fits.`,
  )
  lines.push(
    sameChip
      ? 'Anchored to what was measured on the present slice.'
      : 'Not anchored: what was measured on the present chip does not carry over to another.',
  )
  return lines.join('\n')
}

/** The best mesh on another slice, how many chips that is, and how to say it to the job's framework. */
function bestOn(situation: Situation, best: Verdict, where: string): string {
  const { workload, baseline } = situation
  const { chips } = workload.slice
  const count = workload.slices === 1 ? `${chips} chips` : `${workload.slices} × ${chips} = ${chips * workload.slices} chips`
  const across = meshSize(best.dcn) > 1 ? `, across slices ${formatMesh(best.dcn)}` : ''
  const [snippet] = Object.values(writeSnippet(workload.framework, snippetInput(situation, best)))
  return [`Best on ${where} (${count}): ${formatMesh(best.mesh)}${across}.`, figuresOf(best, baseline), snippet ?? ''].join('\n')
}

function slicesWords(slices: number, named: string): string {
  return slices === 1 ? named : `${slices} slices of ${named}`
}

function bestThen(plan: Plan, shown: Mesh, situation: Situation): string[] {
  const best = plan.ranked[0]
  if (!best || objectionsTo(best).length > 0) return [`No mesh fits then: of ${plan.space.total} candidates ${plan.space.legal} are legal.`]
  if (formatMesh(best.mesh) === formatMesh(shown)) return ['It is also the best mesh then.']
  return [`Best then: ${formatMesh(best.mesh)}.`, figuresOf(best, situation.baseline)]
}

/** @throws PromptsError `bad_arguments` for a change that no experiment may have. */
function changedExperiment(experiment: Experiment, changes: Changes): Experiment {
  const { chip, topology, slices, batch_factor: factor, ...run } = changes
  const batch = factor === undefined ? {} : { global_batch: Math.round(experiment.run.global_batch * factor) }
  const parsed = experimentSchema.safeParse({
    ...experiment,
    hardware: {
      ...experiment.hardware,
      ...(chip === undefined ? {} : { chip }),
      ...(topology === undefined ? {} : { topology }),
      ...(slices === undefined ? {} : { slices }),
    },
    run: { ...experiment.run, ...batch, ...run },
  })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new PromptsError('bad_arguments', `${issue?.path.join('.')}: ${issue?.message}`, { hint: 'Ask for example: what if batch=512?' })
}

function describe(changes: Changes, experiment: Experiment): string {
  const told = Object.entries(changes)
    .filter(([name]) => name !== 'batch_factor')
    .map(([name, value]) => `${name}=${value}`)
  if (changes.batch_factor !== undefined) told.push(`global_batch=${experiment.run.global_batch}`)
  return told.join(', ')
}
