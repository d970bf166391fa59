import { answerFollowUp } from '../agents/follow-up/answer.ts'
import { caseOfAdoption, checkStepTime, withOutcome } from '../agents/learning.ts'
import type { AnalyzeStage, ProposeStage } from '../agents/reasoning.ts'
import type { Retrieved } from '../agents/retrieval.ts'
import { situate } from '../agents/situate.ts'
import type { Case } from '../contract/case.ts'
import type { Card, Diagnosis } from '../contract/diagnosis.ts'
import type { ProfileReport } from '../contract/profile-report.ts'
import type { RunRequest } from '../contract/run.ts'
import { asPromptsError, PromptsError } from '../errors.ts'
import { entryOfCase } from '../knowledge/case-entry.ts'
import { embedEntries } from '../knowledge/index-library.ts'
import { mergeCases } from '../knowledge/merge-cases.ts'
import { checkMeasuredStep } from '../planner/impossible.ts'
import type { ResolvedRun } from '../planner/workload.ts'
import { runDiagnosis } from './coordinator.ts'
import type { RunDeps } from './deps.ts'
import type { DiagnoseService } from './diagnose-service.ts'
import type { ExperimentStage, FinishedRun } from './results.ts'

const noSignal = new AbortController().signal

/** The service over its dependencies; see the interface. */
export function createDiagnoseService(deps: RunDeps): DiagnoseService {
  async function requestOf(run: string, tenant: string): Promise<RunRequest> {
    const request = await deps.memory.request(run)
    if (request === null || request.tenant !== tenant) {
      throw new PromptsError('unknown_run', `There is no run ${run.slice(0, 80)}.`, { hint: 'Ask for a diagnosis first.' })
    }
    return request
  }

  async function finishedRun(run: string, tenant: string): Promise<FinishedRun> {
    const request = await requestOf(run, tenant)
    const diagnosis = await deps.memory.diagnosis(run)
    if (diagnosis === null)
      throw new PromptsError('unknown_run', `Run ${run} has no diagnosis yet.`, { hint: 'Wait for it, or start it again.' })
    const stage = async <T>(name: string) => ((await deps.memory.stageResult(run, name)) as { value: T } | null)?.value
    const source = await stage<ExperimentStage>('experiment')
    const proposed = await stage<ProposeStage>('propose')
    const analyzed = await stage<AnalyzeStage>('analyze')
    const retrieved = await stage<Retrieved>('retrieve')
    if (!source?.experiment || !proposed || !analyzed || !retrieved) {
      throw new PromptsError('not_feasible', 'That run has no cards.', { hint: 'Its report says what is missing.' })
    }
    const report = (await stage<ProfileReport | null>('profile')) ?? null
    const own = await deps.library.list({ kind: 'case', tenant, limit: 2000, own: true })
    const situation = situate(deps, source.experiment, report, own)
    return { request, diagnosis, situation, analysis: analyzed.analysis, retrieved, proposed }
  }

  async function saveCase(item: Case): Promise<Case> {
    const entry = entryOfCase(item)
    const [embedded] = await embedEntries([entry], deps.embedder, noSignal).catch(() => [entry])
    await deps.library.upsert([embedded ?? entry])
    return item
  }

  /** The card that is adopted now: the last adoption that was not taken back. */
  async function adoption(run: string): Promise<{ rank: number; caseId: string } | null> {
    let current: { rank: number; caseId: string } | null = null
    for (const event of await deps.memory.events(run)) {
      const data = event.data as { rank?: number; case?: string } | null
      if (event.kind === 'adoption' && data?.rank !== undefined && data.case !== undefined) current = { rank: data.rank, caseId: data.case }
      if (event.kind === 'withdrawal' && data?.rank === current?.rank) current = null
    }
    return current
  }

  async function withdraw(
    run: string,
    tenant: string,
    adopted: { rank: number; caseId: string },
    by: string | null,
    why: string,
  ): Promise<Case | null> {
    const item = await deps.library.get({ kind: 'case', tenant, id: adopted.caseId })
    await deps.memory.append(run, { kind: 'withdrawal', name: why, data: { rank: adopted.rank, case: adopted.caseId, by } })
    if (item === null || item.tenant !== tenant) return null
    return saveCase({ ...item, status: 'withdrawn', by, at: deps.now().toISOString() })
  }

  const service: DiagnoseService = {
    async diagnose(request, options) {
      try {
        return await runDiagnosis(deps, request, options)
      } catch (thrown) {
        throw asPromptsError(thrown)
      }
    },

    async compileCards(run, { onCard, signal }) {
      if (deps.compiler === null || !(await deps.compiler.status(signal)).ready) return
      const request = await deps.memory.request(run)
      if (request === null) throw new PromptsError('unknown_run', `There is no run ${run.slice(0, 80)}.`)
      const { tenant } = request
      const finished = await finishedRun(run, tenant)
      const { situation, analysis, retrieved, proposed, diagnosis } = finished
      const input = { situation, analysis, retrieved, ranked: proposed.plan.ranked, cards: diagnosis.cards, run, tenant }
      await deps.evaluateCards(
        input,
        async (cards, withdrawn) => {
          await deps.memory.saveDiagnosis(run, { ...diagnosis, cards })
          const adopted = await adoption(run)
          for (const { card, reason } of withdrawn) {
            if (adopted?.rank === card.rank) await withdraw(run, tenant, adopted, null, reason)
          }
          await onCard(cards, withdrawn)
        },
        signal,
      )
    },

    async adopt({ run, rank, by, tenant }) {
      const { situation, diagnosis } = await finishedRun(run, tenant)
      const card = cardOf(diagnosis, rank)
      const before = await adoption(run)
      const item = caseOfAdoption({
        tenant,
        by,
        at: deps.now(),
        diagnosis,
        card,
        experiment: situation.experiment,
        workload: situation.workload,
      })
      if (before && before.caseId !== item.id) await withdraw(run, tenant, before, by, 'another card was adopted')
      const known = await deps.library.get({ kind: 'case', tenant, id: item.id })
      const merged = known && known.tenant === tenant ? mergeCases(known, item) : item
      await deps.memory.append(run, { kind: 'adoption', name: `card ${rank}`, data: { rank, case: merged.id, by } })
      return saveCase(merged)
    },

    async unadopt({ run, rank, by, tenant }) {
      await requestOf(run, tenant)
      const adopted = await adoption(run)
      return adopted?.rank === rank ? withdraw(run, tenant, adopted, by, 'taken back') : null
    },

    async outcome({ run, stepTimeMs, by, tenant }) {
      checkStepTime(stepTimeMs)
      const { situation, diagnosis } = await finishedRun(run, tenant)
      const adopted = await adoption(run)
      const item = adopted && (await deps.library.get({ kind: 'case', tenant, id: adopted.caseId }))
      if (!item)
        throw new PromptsError('unknown_case', 'No card of this run is adopted, so it is not known what ran.', {
          hint: 'Adopt a card first, then report its step time.',
        })
      const changes = diagnosis.cards.find((card) => card.rank === adopted?.rank)?.changes ?? {}
      checkMeasuredStep({ ...situation.workload, run: { ...situation.workload.run, ...changes } as ResolvedRun }, stepTimeMs)
      const updated = withOutcome(item, { stepTimeMs, by, at: deps.now() })
      await deps.memory.append(run, {
        kind: 'outcome',
        name: updated.status,
        data: { case: item.id, step_time_ms: stepTimeMs, predicted_step_ms: item.predicted_step_ms, by },
      })
      return saveCase(updated)
    },

    async followUp({ run, tenant, text, by }, options) {
      await requestOf(run, tenant)
      await deps.memory.append(run, { kind: 'user_input', name: 'follow-up', data: { text: text.slice(0, 4000), by } })
      try {
        const answer = await answerFollowUp({
          text,
          by,
          finished: () => finishedRun(run, tenant),
          deps,
          adopted: () => adoption(run),
          outcome: (stepTimeMs) => service.outcome({ run, stepTimeMs, by, tenant }),
          options,
        })
        await deps.memory.append(run, { kind: 'model_output', name: answer.kind, data: { text: answer.text } })
        return answer
      } catch (thrown) {
        const error = asPromptsError(thrown)
        await deps.memory.append(run, {
          kind: 'error',
          name: 'follow-up',
          data: { code: error.code, message: error.message, id: error.id },
        })
        throw error
      }
    },
  }
  return service
}

function cardOf(diagnosis: Diagnosis, rank: number): Card {
  const card = diagnosis.cards.find((one) => one.rank === rank)
  if (card) return card
  const there = diagnosis.cards.map((one) => one.rank).join(', ')
  throw new PromptsError('bad_arguments', `Run ${diagnosis.run} has no card ${rank}.`, {
    hint: there === '' ? 'It has no cards.' : `Its cards: ${there}.`,
  })
}
