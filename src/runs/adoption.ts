import { z } from 'zod'
import type { Case } from '../contract/case.ts'
import { formatMesh } from '../contract/mesh.ts'
import type { RunEvent } from '../contract/run.ts'

export type Rank = 1 | 2 | 3

/** How an adopted card ran, as someone reported it. */
export type Outcome = { result: 'ok'; stepTimeMs: number } | { result: 'oom' } | { result: 'failed'; why: string }

/** The card of a run that is adopted now. */
export interface AdoptedCard {
  rank: Rank
  caseId: string
  by: string
  at: string
  /** In words; empty where an older record does not hold it. */
  mesh: string
  beforeMs: number | null
  predictedMs: number | null
  /** The last outcome that stands; null before the first. */
  outcome: Outcome | null
  /** Who reported it. */
  outcomeBy: string | null
}

/** Who backs a card, and by what: each can be taken back by itself. */
export interface Mark {
  user: string
  rank: Rank
  source: string
}

const rankSchema = z.literal([1, 2, 3])
const adoptionSchema = z.object({
  rank: rankSchema,
  case: z.string(),
  by: z.string().nullish(),
  mesh: z.string().default(''),
  before_ms: z.number().nullable().default(null),
  predicted_ms: z.number().nullable().default(null),
})
const withdrawalSchema = z.object({ rank: rankSchema, by: z.string().nullable() })
const outcomeSchema = z.object({
  case: z.string(),
  undone: z.boolean().default(false),
  result: z.enum(['ok', 'oom', 'failed']).default('ok'),
  step_time_ms: z.number().nullable().default(null),
  why: z.string().default(''),
  by: z.string().nullish(),
})
const reactionSchema = z.object({ user: z.string(), rank: rankSchema, source: z.string().nullable(), added: z.boolean() })

/** The event that records an adoption. */
export function adoptionEvent(rank: Rank, item: Case, by: string): Omit<RunEvent, 'at'> {
  const { id, to, measured_before_ms: before_ms, predicted_step_ms: predicted_ms } = item
  return {
    kind: 'adoption',
    name: `card ${rank}`,
    data: { rank, case: id, by, mesh: to === null ? '' : formatMesh(to), before_ms, predicted_ms },
  }
}

/** The event that ends an adoption, or makes a card void. `by` is null where the compiler refused the card. */
export function withdrawalEvent(rank: Rank, options: { caseId: string | null; by: string | null; why: string }): Omit<RunEvent, 'at'> {
  return { kind: 'withdrawal', name: options.why, data: { rank, case: options.caseId, by: options.by } }
}

/**
 * The card that is adopted now: the last adoption that was not taken back, with the last outcome of its case that was not undone.
 * Pure: the events of a run are the one truth of this; cases and messages follow from it.
 */
export function adoptionOf(events: readonly RunEvent[]): AdoptedCard | null {
  let current: Omit<AdoptedCard, 'outcome' | 'outcomeBy'> | null = null
  const outcomes = new Map<string, { outcome: Outcome; by: string | null }[]>()
  for (const { kind, data, at } of events) {
    if (kind === 'adoption') {
      const said = adoptionSchema.safeParse(data).data
      if (said === undefined) continue
      const { rank, case: caseId, by, mesh, before_ms: beforeMs, predicted_ms: predictedMs } = said
      current = { rank, caseId, by: by ?? '', at, mesh, beforeMs, predictedMs }
    } else if (kind === 'withdrawal') {
      if (withdrawalSchema.safeParse(data).data?.rank === current?.rank) current = null
    } else if (kind === 'outcome') {
      const said = outcomeSchema.safeParse(data).data
      if (said === undefined) continue
      const known = outcomes.get(said.case) ?? []
      const outcome = said.undone ? null : readOutcome(said)
      outcomes.set(said.case, outcome === null ? known.slice(0, -1) : [...known, { outcome, by: said.by ?? null }])
    }
  }
  if (current === null) return null
  const last = outcomes.get(current.caseId)?.at(-1)
  return { ...current, outcome: last?.outcome ?? null, outcomeBy: last?.by ?? null }
}

/** Who backs which card now, the oldest first. A card that the compiler refused loses all its marks. */
export function marksOf(events: readonly RunEvent[]): Mark[] {
  let marks: Mark[] = []
  for (const { kind, data } of events) {
    if (kind === 'withdrawal') {
      const said = withdrawalSchema.safeParse(data).data
      if (said?.by === null) marks = marks.filter((mark) => mark.rank !== said.rank)
    } else if (kind === 'reaction') {
      const said = reactionSchema.safeParse(data).data
      if (said === undefined) continue
      const { user, rank, source } = said
      const others = marks.filter((mark) => !(mark.user === user && mark.rank === rank && (source === null || mark.source === source)))
      if (!said.added) marks = others
      else if (source !== null && others.length === marks.length) marks = [...marks, { user, rank, source }]
    }
  }
  return marks
}

function readOutcome({ result, step_time_ms: stepTimeMs, why }: z.infer<typeof outcomeSchema>): Outcome | null {
  if (result === 'oom') return { result }
  if (result === 'failed') return { result, why }
  return stepTimeMs === null ? null : { result, stepTimeMs }
}
