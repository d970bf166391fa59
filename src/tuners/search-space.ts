import { z } from 'zod'
import { meshSchema } from '../contract/mesh.ts'
import { type Placed, samePlaced } from '../contract/placed.ts'
import type { Verdict } from '../contract/verdict.ts'
import { PromptsError } from '../errors.ts'
import { readJson } from '../text/json.ts'
import { type Parameter, type Point, pointOf } from './study.ts'

/** A mesh that a search may try, and what the planner says of it. */
export interface SearchCandidate extends Placed {
  verdict: Verdict
  /** One of the cards: tried first. */
  card: boolean
}

/** A mesh that is predicted to take this much longer than the best is out of reach: no error of the planner is so large. */
const withinReach = 2
/** The most meshes of a study. */
const most = 96

/**
 * What a search may try: legal meshes that may fit and are within reach of the best, in the planner's order, the cards among them
 * always.
 */
export function searchSpace(ranked: readonly Verdict[], cards: readonly Verdict[]): SearchCandidate[] {
  const isCard = (verdict: Verdict) => cards.some((card) => samePlaced(card, verdict))
  const feasible = ranked.filter(({ legal, memory }) => legal && memory !== null && memory.certainty !== 'no')
  const best = Math.min(...feasible.map(timeOf))
  const near = feasible.filter((verdict) => isCard(verdict) || timeOf(verdict) <= withinReach * best)
  return near
    .filter((verdict, place) => place < most || isCard(verdict))
    .map((verdict) => ({ mesh: verdict.mesh, dcn: verdict.dcn, verdict, card: isCard(verdict) }))
}

const listSchema = z
  .array(z.strictObject({ mesh: meshSchema, dcn: meshSchema.default({}) }))
  .min(1)
  .max(500)

/**
 * The operator's own list of meshes as the space.
 * @throws PromptsError `bad_mesh` for text that is no list, or a mesh that is not legal for the job.
 */
export function listedSpace(text: string, where: string, ranked: readonly Verdict[], cards: readonly Verdict[]): SearchCandidate[] {
  const parsed = listSchema.safeParse(readJson(text))
  if (!parsed.success)
    throw new PromptsError('bad_mesh', `${where} is no list of meshes: ${z.prettifyError(parsed.error)}`, {
      hint: 'A JSON list such as [{"mesh": {"data": 8}}, {"mesh": {"data": 4, "model": 2}}].',
    })
  return parsed.data.map((one) => {
    const verdict = ranked.find((legal) => samePlaced(legal, one))
    if (verdict === undefined)
      throw new PromptsError('bad_mesh', `${where}: ${JSON.stringify(one.mesh)} is not legal for this job`, {
        hint: '`prompts check` says why.',
      })
    return { mesh: verdict.mesh, dcn: verdict.dcn, verdict, card: cards.some((card) => samePlaced(card, one)) }
  })
}

/** The planner's times as a tuner is told of them before any trial: milliseconds, of every mesh that has one. */
export function priorsOf(space: readonly SearchCandidate[], parameters: readonly Parameter[]): { parameters: Point; value: number }[] {
  return space.flatMap((one) => {
    const value = one.verdict.estimate?.step_time_ms
    return value === undefined ? [] : { parameters: pointOf(one, parameters), value }
  })
}

function timeOf({ estimate }: Verdict): number {
  return estimate?.step_time_ms ?? Number.POSITIVE_INFINITY
}
