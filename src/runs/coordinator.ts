import { analyze } from '../agents/analyzer.ts'
import { makeCard } from '../agents/cards.ts'
import { ownMeasurements } from '../agents/case-match.ts'
import { createSituation } from '../agents/create-situation.ts'
import type { Asker } from '../agents/deps.ts'
import { compilationsPerRun } from '../agents/evaluator.ts'
import { citedMovers, findMovers, withMovers } from '../agents/evidence/movers.ts'
import { describeErrors, outcomesOf } from '../agents/learning.ts'
import { chooseByEvidence, proposalNotes, rankSpace, refuseInfeasible } from '../agents/proposer.ts'
import { plannerOnIdea, writeRationale } from '../agents/rationale.ts'
import type { AnalyzeStage, ProposeStage, Reasoning } from '../agents/reasoning.ts'
import { findRemedies } from '../agents/remedies/find-remedies.ts'
import { meshForSettings } from '../agents/remedies/mesh-for-settings.ts'
import { compilationsForRemedies, tryRemedies } from '../agents/remedies/try-remedies.ts'
import { evidenceFor, type Retrieved, retrieve } from '../agents/retrieval.ts'
import { type Analysis, noKpis, type Situation } from '../agents/situation.ts'
import { objectionsTo } from '../agents/verifier.ts'
import { type OpenQuestion, sayAnswers, untilSaid } from '../contract/answers.ts'
import { chipOfDeviceType } from '../contract/chip.ts'
import type { Card, Diagnosis } from '../contract/diagnosis.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import type { Progress, RunRequest } from '../contract/run.ts'
import { PromptsError } from '../errors.ts'
import { unmetObjective } from '../planner/slo.ts'
import { suggestSettings } from '../planner/suggestions.ts'
import { formatMs } from '../text/units.ts'
import { untilAborted } from '../until-aborted.ts'
import type { RunDeps } from './deps.ts'
import type { ExperimentStage } from './results.ts'
import { createStageRunner } from './stage-runner.ts'

/** Words that belong to a profile whose program does not tell what ran. */
const missingExperiment =
  'No cards: a profile alone does not say what ran. Missing: an experiment file with the chips, the model, the batch and the mesh (see examples/, or `prompts import`).'

/**
 * One diagnosis within the run's time: its stages, each stored, and the diagnosis stored. The one deadline of a run.
 * @throws PromptsError `timeout` when that time is over, `cancelled` when the caller's signal aborts; what a stage throws.
 */
export async function runDiagnosis(
  deps: RunDeps,
  request: RunRequest,
  options: { onProgress: (progress: Progress) => void; signal: AbortSignal },
): Promise<Diagnosis> {
  const seconds = deadlineSeconds(deps, request)
  const end = new AbortController()
  const onAbort = () => end.abort(new PromptsError('cancelled', 'The diagnosis was cancelled.', { cause: options.signal.reason }))
  const onTime = () => end.abort(tooSlow(seconds))
  const timer = setTimeout(onTime, seconds * 1000)
  options.signal.addEventListener('abort', onAbort, { once: true })
  if (options.signal.aborted) onAbort()
  try {
    return await workStages(deps, request, { onProgress: options.onProgress, signal: end.signal })
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', onAbort)
  }
}

/** Runs the stages of one diagnosis and stores it. */
async function workStages(
  deps: RunDeps,
  request: RunRequest,
  options: { onProgress: (progress: Progress) => void; signal: AbortSignal },
): Promise<Diagnosis> {
  const { memory } = deps
  const { run, tenant } = request
  await memory.begin(request)
  const finished = await memory.diagnosis(run)
  if (finished) return finished
  const runner = createStageRunner({ memory, run, ...options })
  const reasoning: Reasoning = deps.reasoning({ run, tenant })
  let loaded: Awaited<ReturnType<RunDeps['loadExperiment']>> | null = null

  const source = await runner.stage<ExperimentStage>('experiment', async (signal) => {
    loaded = await deps.loadExperiment(request.subject, signal, askerOf(request))
    const { experiment, origin, profile, links, notes = [], questions = [] } = loaded
    const value: ExperimentStage = { experiment, origin, profile: profile?.name ?? null, links, notes, questions }
    return { value, detail: experiment?.id ?? origin }
  })

  const report = await runner.stage<ProfileReport | null>('profile', async (signal) => {
    if (source.profile === null) return { value: null, detail: 'no profile: a cold start', skipped: true }
    loaded ??= await deps.loadExperiment(request.subject, signal, askerOf(request))
    if (loaded.profile === null)
      throw new PromptsError('bad_profile', `The profile ${source.profile} is no longer there.`, { hint: 'Start the diagnosis again.' })
    const read = await deps.readProfile(await loaded.profile.open(signal), signal, source.experiment?.mesh ?? null)
    const value = read.report
    // what its page shows besides: kept apart, for no decision rests on it
    await memory.saveStage(run, 'profile_details', read.details)
    return {
      value,
      detail: value.kpis.step_time_ms === null ? value.device.type : `${value.device.type}, ${formatMs(value.kpis.step_time_ms)} per step`,
    }
  })

  if (source.experiment === null) {
    return finish(
      deps,
      request,
      await runner.stage('analyze', async () => {
        const value = profileAlone(request, report, source)
        return { value, detail: value.bottleneck.class }
      }),
      runner.timings(),
    )
  }

  const experiment = source.experiment
  const cases = await untilAborted(options.signal, () => deps.library.list({ kind: 'case', tenant, limit: 2000, own: true }))
  const situation = createSituation(deps, experiment, report, cases)
  const measurements = ownMeasurements(situation.workload, tenant, cases)

  const analyzed = await runner.stage<AnalyzeStage>('analyze', async (signal) => {
    const value = await reasoning.analyze(situation, analyze(situation), signal)
    const { bottleneck } = value.analysis
    return {
      value,
      detail: `${bottleneck.class}${bottleneck.confidence > 0 ? `, confidence ${Math.round(bottleneck.confidence * 100)}%` : ''}`,
    }
  })
  const { analysis } = analyzed

  const retrieved = await runner.stage<Retrieved>('retrieve', async (signal) => {
    const value = await retrieve(situation, analysis, { ...deps, tenant, signal })
    return { value, detail: `${value.cases.length} cases, ${value.docs.length} documents` }
  })

  const movers = await untilAborted(options.signal, () =>
    findMovers(deps.library, { tenant, workload: situation.workload, cases: retrieved.cases }),
  )

  const proposed = await runner.stage<ProposeStage>('propose', async (signal) => {
    const plan = await rankSpace(deps, situation, { measurements, movers }, signal)
    const { chosen, chosenBy } = chooseByEvidence(situation, plan.ranked, { measurements, movers })
    if (chosen.length === 0 && plan.space.fitting === 0) refuseInfeasible(situation, plan)
    const value = await reasoning.propose({ situation, analysis, retrieved, plan, chosen, chosenBy, measurements, tenant }, signal)
    return { value, detail: `${value.plan.space.fitting} of ${value.plan.space.total} candidates fit` }
  })

  const cards = await runner.stage<Card[]>('verify', async (signal) => {
    const feasible = proposed.chosen.filter((verdict) => objectionsTo(verdict).length === 0).slice(0, 3)
    const value: Card[] = []
    for (const [i, verdict] of feasible.entries()) {
      const found = await evidenceFor(verdict, { situation, analysis, retrieved }, { ...deps, tenant, signal })
      const words = proposed.rationales[i] ?? writeRationale(situation, analysis, verdict)
      const chosenBy = proposed.chosenBy[proposed.chosen.indexOf(verdict)] ?? 'planner'
      const evidence = withMovers(citedMovers(movers, verdict.mesh, chosenBy === 'cases'), found)
      const rationale = chosenBy === 'agent' ? `${plannerOnIdea(verdict, feasible[0] ?? verdict)} ${words}` : words
      value.push(makeCard(situation, verdict, (i + 1) as Card['rank'], { rationale, evidence, chosenBy }))
    }
    for (const card of value)
      await memory.append(run, { kind: 'card', name: `card ${card.rank}`, data: { mesh: card.mesh, dcn: card.dcn, changes: card.changes } })
    return { value, detail: `${value.length} cards pass the verifier` }
  })
  if (cards.length === 0 && proposed.plan.space.fitting === 0) refuseInfeasible(situation, proposed.plan)

  const suggested = suggestionsFor(situation, analysis, cards[0] ?? null)
  const judged = await runner.stage<Judged>('compile', async (signal) => {
    if (!request.compile && !asksUnasked(deps, request, cards))
      return { value: { cards, notes: [], suggestions: suggested }, detail: 'not asked for', skipped: true }
    if (deps.compiler === null)
      throw new PromptsError('unavailable', 'The TPU compiler is not installed.', {
        hint: 'npm run setup:compiler installs it into the project.',
      })
    const input = { situation, analysis, cards, ranked: proposed.plan.ranked, retrieved, run, tenant }
    const value: Judged = { ...(await deps.evaluateCards(input, async () => {}, signal)), suggestions: suggested }
    // nobody has seen the cards yet: a place that stayed empty closes up
    value.cards = value.cards.map((card, i) => ({ ...card, rank: (i + 1) as Card['rank'] }))
    if (cards.length > 0 && value.cards.length === 0) {
      throw new PromptsError('not_feasible', `The TPU compiler refuses every proposal for ${experiment.id}. ${value.notes.join(' ')}`, {
        hint: 'Let more vary (tune: remat, microbatches, offload), use a smaller batch, or more chips.',
      })
    }
    const on = meshForSettings(situation, value.cards[0] ?? null)
    if (request.compile && on !== null) {
      const tried = await tryRemedies({ memory, compiler: deps.compiler }, { situation, on, suggestions: suggested, run }, signal)
      value.suggestions = tried.suggestions
      value.notes.push(...tried.notes)
    }
    return { value, detail: `${value.cards.length} cards compiled` }
  })

  const diagnosis: Diagnosis = {
    run,
    experiment: experiment.id,
    ...analysis,
    baseline: situation.baseline,
    cards: judged.cards,
    suggestions: judged.suggestions,
    second_reading: analyzed.secondReading,
    nearest: proposed.plan.nearest,
    notes: notesOf([
      // the first, where the headline and the exit code look for it
      [unmetObjective(situation.workload, proposed.plan.ranked) ?? ''],
      source.notes,
      situation.workload.notes ?? [],
      analysis.notes,
      impossibleBaseline(situation),
      situation.calibration.notes.map((note) => `Calibration: ${note}.`),
      describeErrors(outcomesOf(cases)),
      retrieved.notes,
      proposed.notes,
      proposalNotes(situation, proposed.plan, cards, measurements),
      judged.notes,
    ]),
    reasoning: proposed.reasoning,
    timings_ms: runner.timings(),
    cost_usd: sum(analyzed.cost_usd, proposed.cost_usd),
  }
  return finish(deps, request, diagnosis, runner.timings())
}

function profileAlone({ run, subject }: RunRequest, report: ProfileReport | null, { notes, questions = [] }: ExperimentStage): Diagnosis {
  const notATpu =
    report !== null && chipOfDeviceType(report.device.type) === null
      ? [`The profile is from ${report.device.type || 'an unknown device'}, not from a TPU.`]
      : []
  return {
    run,
    experiment: null,
    bottleneck: report?.bottleneck ?? { class: 'unknown', confidence: 0, evidence: [], also: [] },
    kpis: report?.kpis ?? noKpis,
    top_ops: report?.top_ops ?? [],
    anti_patterns: report?.anti_patterns ?? [],
    baseline: null,
    cards: [],
    suggestions: [],
    second_reading: null,
    nearest: null,
    notes: [...notes, ...notATpu, ...(report?.notes ?? []), missingAnswers(subject, questions) ?? missingExperiment],
    reasoning: 'rules',
    timings_ms: {},
    cost_usd: null,
  }
}

/** How what is open is said, where the rest is known; null where nothing is. */
function missingAnswers(subject: RunRequest['subject'], questions: readonly OpenQuestion[]): string | null {
  const needed = questions.filter((question) => question.needed)
  if (needed.length === 0) return null
  const run = subject.kind === 'experiment' ? subject.id : subject.kind === 'path' ? subject.path : 'RUN'
  const said = sayAnswers(Object.fromEntries(needed.map(({ name, choices }) => [name, choices[0] ?? '…'])))
  return `${untilSaid} ${needed.map(({ name }) => name).join(', ')}. For example: diagnose ${run} ${said}`
}

async function finish(deps: RunDeps, { run }: RunRequest, diagnosis: Diagnosis, timings: Record<string, number>): Promise<Diagnosis> {
  const whole = { ...diagnosis, timings_ms: { ...timings } }
  await deps.memory.saveDiagnosis(run, whole)
  return whole
}

/** Who asked in Slack; null for an operator's own command. */
function askerOf({ tenant, thread }: RunRequest): Asker | null {
  return thread === null ? null : { tenant, channel: thread.channel }
}

/** A mesh that cannot have run says that the experiment file and the job differ. */
function impossibleBaseline({ baseline }: Situation): string[] {
  const violation = baseline?.violations[0]
  return violation ? [`The mesh of the experiment cannot be what ran: ${violation.message}. No baseline comparison.`] : []
}

/** Compilations of near cards that nobody asked for: its three cards. */
const unaskedCompilations = 3

/**
 * Where nothing is clear of the limit and a compiler is installed it is asked before anything is shown; in Slack its verdicts
 * follow by themselves.
 */
function asksUnasked({ compiler }: RunDeps, { thread }: RunRequest, cards: readonly Card[]): boolean {
  return compiler !== null && thread === null && cards.length > 0 && cards.every(({ memory }) => memory?.certainty === 'near')
}

/** The cards after the compiler, and what is suggested beside them. */
interface Judged {
  cards: Card[]
  notes: string[]
  suggestions: Diagnosis['suggestions']
}

/** Settings that would gain more than any card, and those that answer what was found. */
function suggestionsFor(situation: Situation, { anti_patterns: patterns }: Analysis, best: Card | null): Diagnosis['suggestions'] {
  const { workload, calibration } = situation
  const on = meshForSettings(situation, best)
  if (on === null) return []
  const planned = suggestSettings({ workload, on, best, calibration })
  const remedies = findRemedies({ workload, on, patterns }).map(({ suggestion }) => suggestion)
  return [...planned, ...remedies.filter(({ settings }) => planned.every((other) => !sameSettings(other.settings, settings)))]
}

function sameSettings(a: Record<string, string>, b: Record<string, string>): boolean {
  return Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, value]) => b[name] === value)
}

/** Seconds that a run may take, and where the compiler is waited for the time of its cards and their replacements. */
function deadlineSeconds({ config, compiler }: RunDeps, { compile, thread }: RunRequest): number {
  const compilations = compile ? compilationsPerRun + compilationsForRemedies : compiler && thread === null ? unaskedCompilations : 0
  return config.PROMPTS_RUN_DEADLINE_SECONDS + compilations * config.PROMPTS_COMPILER_TIMEOUT_SECONDS
}

function tooSlow(seconds: number): PromptsError {
  return new PromptsError('timeout', `No answer within ${seconds} s`, {
    hint: 'Ask again: it continues after the stages that are done. PROMPTS_RUN_DEADLINE_SECONDS is the time that a run may take.',
    retryable: false,
  })
}

function notesOf(groups: readonly (readonly string[])[]): string[] {
  return [...new Set(groups.flat().filter((note) => note !== ''))]
}

function sum(...costs: (number | null)[]): number | null {
  const known = costs.filter((cost) => cost !== null)
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0)
}
