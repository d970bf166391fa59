import { caseOfAdoption, checkStepTime, withOutcome, withoutOutcome } from '../agents/learning.ts'
import type { Case } from '../contract/case.ts'
import type { Card, Diagnosis } from '../contract/diagnosis.ts'
import { PromptsError } from '../errors.ts'
import { entryOfCase } from '../knowledge/case-entry.ts'
import { embedEntries } from '../knowledge/index-library.ts'
import { mergeCases } from '../knowledge/merge-cases.ts'
import { checkMeasuredStep } from '../planner/impossible.ts'
import type { ResolvedRun } from '../planner/workload.ts'
import { type AdoptedCard, adoptionEvent, adoptionOf, type Mark, marksOf, type Outcome, type Rank, withdrawalEvent } from './adoption.ts'
import type { RunDeps } from './deps.ts'
import type { RunReader } from './run-reader.ts'

/** Who did something to which run. */
export interface ByWhom {
  run: string
  by: string
  tenant: string
}

/** Adopting cards and reporting how they ran. A run's events are the truth; the tenant's cases follow from them. */
export interface AdoptionBook {
  /** The card that is adopted now, and who backs which card. @throws PromptsError `unknown_run`. */
  current(run: string, tenant: string): Promise<{ adopted: AdoptedCard | null; marks: Mark[] }>
  /**
   * Adds a mark, or takes it back; a mark without source takes back all that this person said for the card. False: it changed
   * nothing.
   */
  mark(input: { run: string; tenant: string; mark: { user: string; rank: Rank; source: string | null }; added: boolean }): Promise<boolean>
  /**
   * Records who adopted which card and adds the case to the tenant's library. A second adoption of the run replaces the first.
   */
  adopt(input: ByWhom & { rank: Rank }): Promise<Case>
  /** Takes the adoption of that card back; null when that card was not the adopted one. */
  unadopt(input: ByWhom & { rank: Rank }): Promise<Case | null>
  /** Makes a card void that the compiler refused, with its marks and its adoption. Who had adopted and backed it. */
  refuse(input: { run: string; tenant: string; rank: Rank; why: string }): Promise<{ adopted: AdoptedCard | null; marks: Mark[] }>
  /** Records how the adopted card ran; the case becomes confirmed or refuted. */
  outcome(input: ByWhom & { outcome: Outcome }): Promise<Case>
  /** Takes the last outcome back; the one before stands again. @throws PromptsError `unknown_case` where there is none. */
  undoOutcome(input: ByWhom): Promise<Case>
}

const noSignal = new AbortController().signal

/** The book over the run store and the library. */
export function createAdoptionBook(deps: RunDeps, reader: RunReader): AdoptionBook {
  const adopted = async (run: string) => adoptionOf(await deps.memory.events(run))

  async function save(item: Case): Promise<Case> {
    const entry = entryOfCase(item)
    const [embedded] = await embedEntries([entry], deps.embedder, noSignal).catch(() => [entry])
    await deps.library.upsert([embedded ?? entry])
    return item
  }

  async function caseOf(tenant: string, id: string): Promise<Case | null> {
    const item = await deps.library.get({ kind: 'case', tenant, id })
    return item !== null && item.tenant === tenant ? item : null
  }

  async function withdraw(tenant: string, caseId: string, by: string | null): Promise<Case | null> {
    const item = await caseOf(tenant, caseId)
    return item === null ? null : save({ ...item, status: 'withdrawn', by, at: deps.now().toISOString() })
  }

  /** The adopted card's case, with the card. @throws PromptsError `unknown_case`. */
  async function adoptedCase(run: string, tenant: string): Promise<{ card: AdoptedCard; item: Case }> {
    const card = await adopted(run)
    const item = card === null ? null : await caseOf(tenant, card.caseId)
    if (card !== null && item !== null) return { card, item }
    throw new PromptsError('unknown_case', 'No card of this run is adopted, so it is not known what ran.', {
      hint: 'Adopt a card first, then report how it ran.',
    })
  }

  return {
    async current(run, tenant) {
      await reader.request(run, tenant)
      const events = await deps.memory.events(run)
      return { adopted: adoptionOf(events), marks: marksOf(events) }
    },

    async mark({ run, tenant, mark, added }) {
      await reader.request(run, tenant)
      const { user, rank, source } = mark
      const said = marksOf(await deps.memory.events(run)).some(
        (other) => other.user === user && other.rank === rank && (source === null || other.source === source),
      )
      if (said === added) return false
      await deps.memory.append(run, { kind: 'reaction', name: source ?? 'take_back', data: { user, rank, source, added } })
      return true
    },

    async adopt({ run, rank, by, tenant }) {
      const { situation, diagnosis } = await reader.finished(run, tenant)
      const card = cardOf(diagnosis, rank)
      const before = await adopted(run)
      const { experiment, workload } = situation
      const item = caseOfAdoption({ tenant, by, at: deps.now(), diagnosis, card, experiment, workload })
      if (before !== null && before.caseId !== item.id) {
        await deps.memory.append(run, withdrawalEvent(before.rank, { caseId: before.caseId, by, why: 'another card was adopted' }))
        await withdraw(tenant, before.caseId, by)
      }
      const known = await caseOf(tenant, item.id)
      const merged = known === null ? item : mergeCases(known, item)
      await deps.memory.append(run, adoptionEvent(rank, merged, by))
      return save(merged)
    },

    async unadopt({ run, rank, by, tenant }) {
      await reader.request(run, tenant)
      const card = await adopted(run)
      if (card?.rank !== rank) return null
      await deps.memory.append(run, withdrawalEvent(rank, { caseId: card.caseId, by, why: 'taken back' }))
      return withdraw(tenant, card.caseId, by)
    },

    async refuse({ run, tenant, rank, why }) {
      await reader.request(run, tenant)
      const events = await deps.memory.events(run)
      const card = adoptionOf(events)
      const own = card?.rank === rank ? card : null
      await deps.memory.append(run, withdrawalEvent(rank, { caseId: own?.caseId ?? null, by: null, why }))
      if (own !== null) await withdraw(tenant, own.caseId, null)
      return { adopted: own, marks: marksOf(events).filter((mark) => mark.rank === rank) }
    },

    async outcome({ run, outcome, by, tenant }) {
      const { situation, diagnosis } = await reader.finished(run, tenant)
      const { card, item } = await adoptedCase(run, tenant)
      if (outcome.result === 'ok') {
        checkStepTime(outcome.stepTimeMs)
        const changes = diagnosis.cards.find((one) => one.rank === card.rank)?.changes ?? {}
        checkMeasuredStep({ ...situation.workload, run: { ...situation.workload.run, ...changes } as ResolvedRun }, outcome.stepTimeMs)
      }
      const updated = withOutcome(item, { ...outcome, by, at: deps.now() })
      const { result } = outcome
      await deps.memory.append(run, {
        kind: 'outcome',
        name: updated.status,
        data: {
          ...{ case: item.id, result, step_time_ms: result === 'ok' ? outcome.stepTimeMs : null },
          ...{ why: result === 'failed' ? outcome.why : '', predicted_step_ms: item.predicted_step_ms, by },
        },
      })
      return save(updated)
    },

    async undoOutcome({ run, by, tenant }) {
      await reader.request(run, tenant)
      const { card, item } = await adoptedCase(run, tenant)
      if (card.outcome === null)
        throw new PromptsError('unknown_case', 'No outcome of this run is recorded.', { hint: 'There is nothing to take back.' })
      await deps.memory.append(run, { kind: 'outcome', name: 'undone', data: { case: item.id, undone: true, by } })
      const stands = (await adopted(run))?.outcome ?? null
      const at = deps.now()
      return save(stands === null ? withoutOutcome(item, { by, at }) : withOutcome(item, { ...stands, by, at }))
    },
  }
}

function cardOf(diagnosis: Diagnosis, rank: number): Card {
  const card = diagnosis.cards.find((one) => one.rank === rank)
  if (card) return card
  const there = diagnosis.cards.map((one) => one.rank).join(', ')
  throw new PromptsError('bad_arguments', `Run ${diagnosis.run} has no card ${rank}.`, {
    hint: there === '' ? 'It has no cards.' : `Its cards: ${there}.`,
  })
}
