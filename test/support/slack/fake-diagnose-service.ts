import { setTimeout as sleep } from 'node:timers/promises'
import type { WithdrawnCard } from '../../../src/agents/evaluator.ts'
import type { OpenQuestion } from '../../../src/contract/answers.ts'
import type { Case } from '../../../src/contract/case.ts'
import type { Card, Diagnosis } from '../../../src/contract/diagnosis.ts'
import { stages } from '../../../src/contract/run.ts'
import type { PromptsError } from '../../../src/errors.ts'
import { adoptionEvent, adoptionOf, marksOf, withdrawalEvent } from '../../../src/runs/adoption.ts'
import type { ShardingMemory } from '../../../src/runs/memory/sharding-memory.ts'
import type { DiagnoseService } from '../../../src/runs/service.ts'
import type { Thread } from '../../../src/thread/thread.ts'
import { sampleDiagnosis } from './diagnoses.ts'

export interface FakeOptions {
  memory: ShardingMemory
  /** Time of each of the seven stages. */
  stageMs?: number
  /** What a run waits for after its first stage. */
  until?: () => Promise<void>
  diagnosis?: (run: string, experiment: string | null) => Diagnosis
  /** What the sources leave open of an experiment. */
  questions?: (experiment: string | null) => OpenQuestion[]
  fail?: (experiment: string | null) => PromptsError | null
  compile?: (run: string, onCard: (cards: Card[], withdrawn: WithdrawnCard[]) => Promise<void>) => Promise<void>
}

/** Answers as the reasoning layer does, with a diagnosis written by hand: for tests of what happens around it. */
export function fakeDiagnoseService(options: FakeOptions): DiagnoseService & { calls: string[]; adoptions: string[] } {
  const calls: string[] = []
  const adoptions: string[] = []
  const { memory } = options
  const caseOf = async (run: string, rank: number, by: string, status: Case['status'], afterMs: number | null): Promise<Case> => {
    const diagnosis = await memory.diagnosis(run)
    const card = diagnosis?.cards.find((one) => one.rank === rank)
    return {
      ...{
        id: `case-${run}`,
        tenant: 'T000000001',
        experiment: diagnosis?.experiment ?? '',
        lesson: null,
        conditions: {},
        from: { data: 16, model: 4 },
        to: card?.mesh ?? null,
        dcn: {},
      },
      workload: { chip: 'v5p', topology: '4x4x4', slices: 1, model: 'llama2-70b', phase: 'train', run: {} },
      ...{ bottleneck: 'communication', result: 'ok', predicted_step_ms: card?.estimate?.step_time_ms ?? null, measured_before_ms: 28_900 },
      ...{ measured_after_ms: afterMs, status, by, at: '2026-01-01T00:00:00Z', sources: [] },
    }
  }
  return {
    calls,
    adoptions,
    async diagnose(request, { onProgress, signal }) {
      calls.push(request.run)
      const subject = request.subject.kind === 'experiment' ? request.subject.id : null
      for (const stage of stages.slice(0, -1)) {
        if ((await memory.stageResult(request.run, stage)) !== null) continue
        onProgress({ stage, status: 'started', detail: null })
        await sleep(options.stageMs ?? 5, undefined, { signal })
        if (stage === 'profile' && options.until) await unlessAborted(options.until(), signal)
        const failure = stage === 'profile' ? (options.fail?.(subject) ?? null) : null
        if (failure !== null) throw failure
        const questions = stage === 'experiment' ? (options.questions?.(subject) ?? []) : []
        await memory.saveStage(request.run, stage, questions.length > 0 ? { value: { links: [], questions } } : { done: true })
        onProgress({ stage, status: 'done', detail: null })
      }
      const make = options.diagnosis ?? ((run, experiment) => sampleDiagnosis({ run, experiment }))
      const diagnosis = make(request.run, subject)
      await memory.saveDiagnosis(request.run, diagnosis)
      return diagnosis
    },
    async compileCards(run, { onCard }) {
      await options.compile?.(run, onCard)
    },
    async current(run) {
      const events = await memory.events(run)
      return { adopted: adoptionOf(events), marks: marksOf(events) }
    },
    async mark({ run, mark, added }) {
      const { user, rank, source } = mark
      const said = marksOf(await memory.events(run)).some(
        (other) => other.user === user && other.rank === rank && (source === null || other.source === source),
      )
      if (said === added) return false
      await memory.append(run, { kind: 'reaction', name: source ?? 'take_back', data: { user, rank, source, added } })
      return true
    },
    async adopt({ run, rank, by }) {
      adoptions.push(`${by} adopts ${rank}`)
      const item = await caseOf(run, rank, by, 'adopted', null)
      await memory.append(run, adoptionEvent(rank, item, by))
      return item
    },
    async unadopt({ run, rank, by }) {
      adoptions.push(`${by} takes ${rank} back`)
      await memory.append(run, withdrawalEvent(rank, { caseId: null, by, why: 'taken back' }))
      return caseOf(run, rank, by, 'withdrawn', null)
    },
    async refuse({ run, rank, why }) {
      const events = await memory.events(run)
      const adopted = adoptionOf(events)
      if (adopted?.rank === rank) adoptions.push(`the compiler refuses ${rank}`)
      await memory.append(run, withdrawalEvent(rank, { caseId: null, by: null, why }))
      return { adopted: adopted?.rank === rank ? adopted : null, marks: marksOf(events).filter((mark) => mark.rank === rank) }
    },
    async outcome({ run, outcome, by }) {
      const stepTimeMs = outcome.result === 'ok' ? outcome.stepTimeMs : null
      const data = { case: `case-${run}`, result: outcome.result, step_time_ms: stepTimeMs, by }
      await memory.append(run, { kind: 'outcome', name: 'confirmed', data })
      adoptions.push(`${by} records ${stepTimeMs ?? outcome.result}`)
      return caseOf(run, 1, by, 'confirmed', outcome.result === 'ok' ? outcome.stepTimeMs : null)
    },
    async undoOutcome({ run, by }) {
      await memory.append(run, { kind: 'outcome', name: 'undone', data: { case: `case-${run}`, undone: true, by } })
      adoptions.push(`${by} takes the outcome back`)
      return caseOf(run, 1, by, 'adopted', null)
    },
  }
}

/** What the promise gives, or the signal's reason once it is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}

/** Answers questions as the thread does, with words written by hand. */
export function fakeThread(): Thread {
  return {
    async answer({ text, reading }) {
      if (reading.intent === 'why_not') return { kind: 'why_not', text: `model=8 moves 2.1 GB more per step (${text})` }
      if (reading.intent === 'question')
        return { kind: 'unknown', text: "I can't answer that from this run.", instead: ['why not model=8?'] }
      return { kind: reading.intent, text: `${reading.intent}: ${JSON.stringify(reading.value)}` }
    },
  }
}
