import type { Card } from '../contract/diagnosis.ts'
import { formatMesh } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import type { Plan, Verdict } from '../contract/verdict.ts'
import { PromptsError } from '../errors.ts'
import { chooseCards as chooseLikeliest } from '../planner/choose-cards.ts'
import { nearestWords, towardsMemory } from '../planner/describe-nearest.ts'
import { formatChange, formatMs } from '../text/units.ts'
import { measurementOf, type OwnMeasurement, rankWithMeasurements } from './case-match.ts'
import type { AgentDeps } from './deps.ts'
import { leanOf, type Mover } from './evidence/movers.ts'
import type { Situation } from './situation.ts'
import { objectionsTo } from './verifier.ts'

/** Verdicts of the ranking that are kept for cards, follow-ups and replacements. */
const keptOfRanking = 400
const cardCount = 3

/** The space ranked, with the tenant's own measurements above predictions, and of ties what evidence leans to first. */
export async function rankSpace(
  deps: Pick<AgentDeps, 'plan'>,
  situation: Situation,
  known: { measurements: readonly OwnMeasurement[]; movers: readonly Mover[] },
  signal: AbortSignal,
): Promise<Plan> {
  const { workload, calibration } = situation
  const plan = await deps.plan({ workload, calibration, top: keptOfRanking }, signal)
  return { ...plan, ranked: rankWithMeasurements(situation, plan.ranked, known.measurements, ({ mesh }) => leanOf(known.movers, mesh)) }
}

/**
 * The proposals of a ranking: another mesh or other settings than what ran, feasible, those that most likely contain the best.
 * What the tenant measured to fail is left out.
 */
export function chooseCards(
  situation: Situation,
  ranked: readonly Verdict[],
  { measurements, movers }: { measurements: readonly OwnMeasurement[]; movers: readonly Mover[] },
): Verdict[] {
  const lean = ({ mesh }: Verdict) => leanOf(movers, mesh)
  const candidates = ranked.filter(
    (verdict) =>
      !isBaseline(situation, verdict) &&
      objectionsTo(verdict).length === 0 &&
      isWorthTrying(situation, verdict) &&
      !measurementOf(verdict, measurements)?.failed,
  )
  // what is likely to lose to what runs comes only after what is likely to win, and each card says how likely it is
  const likely = candidates.filter(({ estimate }) => !estimate?.gain || estimate.gain.probability >= 0.5)
  const first = chooseLikeliest(likely, situation, cardCount, lean)
  if (first.length === cardCount) return first
  const more = chooseLikeliest(candidates, situation, cardCount, lean).filter((verdict) => !first.includes(verdict))
  return [...first, ...more].slice(0, cardCount)
}

/** The cards, and of each whether evidence put it where it stands: without it another card would be in its place. */
export function chooseByEvidence(
  situation: Situation,
  ranked: readonly Verdict[],
  known: { measurements: readonly OwnMeasurement[]; movers: readonly Mover[] },
): { chosen: Verdict[]; chosenBy: Card['chosen_by'][] } {
  const { measurements } = known
  const chosen = chooseCards(situation, ranked, known)
  const without = chooseCards(situation, rankWithMeasurements(situation, ranked, measurements), { measurements, movers: [] })
  return { chosen, chosenBy: chosen.map((verdict, i) => (verdict === without[i] ? 'planner' : 'cases')) }
}

export function isBaseline({ baseline }: Situation, verdict: Verdict): boolean {
  return baseline !== null && samePlaced(baseline, verdict) && Object.keys(verdict.changes).length === 0
}

/** Predictions err by more than this, so a proposal within it of what ran may still win; one beyond it would only cost a pod. */
const worthTrying = 0.97

/** Whether a proposal is predicted to come near what ran, or what ran does not fit. */
function isWorthTrying({ baseline }: Situation, verdict: Verdict): boolean {
  if (!baseline?.legal || !baseline.memory?.fits || !baseline.estimate || !verdict.estimate) return true
  return verdict.estimate.tokens_per_second_per_chip >= worthTrying * baseline.estimate.tokens_per_second_per_chip
}

/** What the engineer must know of the choice: too few cards and why, or that nothing beats what ran. */
export function proposalNotes(
  situation: Situation,
  plan: Plan,
  cards: readonly Verdict[],
  measurements: readonly OwnMeasurement[],
): string[] {
  const notes: string[] = []
  const { total, legal, fitting } = plan.space
  const nearest = nearestWords(plan)
  if (nearest !== null && cards.length > 0)
    notes.push(
      plan.ranked[0]?.memory?.certainty === 'clear'
        ? nearest
        : `Nothing is clear of the memory's limit: these are near it, and the compiler can tell. ${nearest}`,
    )
  if (cards.length < cardCount) {
    const others = plan.ranked.some((verdict) => isBaseline(situation, verdict)) ? 'besides what ran ' : ''
    const left = `${others}${whyNoMore(situation, plan, cards)}`
    const count = cards.length === 0 ? 'No card' : cards.length === 1 ? 'One card' : `${cards.length} cards`
    notes.push(`${count} instead of three: of ${total} candidates ${legal} are legal and ${fitting} fit, and ${left}.`)
  }
  const baseline = situation.baseline?.estimate
  const best = cards[0]?.estimate
  const bestTokens = best?.tokens_per_second_per_chip ?? 0
  if (baseline && situation.baseline?.memory?.fits && bestTokens <= baseline.tokens_per_second_per_chip) {
    const ran = `${formatMesh(situation.baseline.mesh)}, ${formatMs(baseline.step_time_ms)}`
    const comes = best ? `: the best comes to ${formatChange(bestTokens / baseline.tokens_per_second_per_chip)} throughput` : ''
    const more = situation.workload.tune.length === 1 ? ' Letting more vary (tune: remat, microbatches, batch, offload) may help.' : ''
    notes.push(`No proposal is predicted to beat the mesh that ran (${ran})${comes}.${more}`)
  }
  for (const one of measurements) {
    if (one.failed) notes.push(`${formatMesh(one.mesh)} is not proposed: your case ${one.caseId} says that it failed.`)
  }
  return notes
}

/** Why what else fits is no card. */
function whyNoMore(situation: Situation, plan: Plan, cards: readonly Verdict[]): string {
  const left = plan.ranked.filter(
    (verdict) => verdict.memory && verdict.memory.certainty !== 'no' && !isBaseline(situation, verdict) && !cards.includes(verdict),
  )
  const slower = left.filter((verdict) => !isWorthTrying(situation, verdict))
  if (left.length > 0 && slower.length === left.length) return 'the rest are predicted slower than what ran'
  if (cards.length === 0) return 'no more are left to propose'
  return slower.length === 0
    ? 'the rest are slower, or cost more for a gain that cannot be told from none'
    : 'the rest are predicted slower than what ran, or cost more for a gain that cannot be told from none'
}

/** @throws PromptsError `not_feasible` that leads with what comes nearest, or says that nothing is legal. */
export function refuseInfeasible(situation: Situation, plan: Plan): never {
  const { workload } = situation
  const { total, legal } = plan.space
  const slice = `${workload.slice.chip} ${workload.slice.dims.join('x')}${workload.slices > 1 ? ` × ${workload.slices} slices` : ''}`
  if (legal === 0) {
    const example = situation.baseline?.violations[0]?.message
    throw new PromptsError(
      'not_feasible',
      `No mesh is legal for ${workload.id} on ${slice}: ${total} candidates, none passes the rules.${example ? ` The mesh that ran: ${example}.` : ''}`,
      {
        hint: 'Change the global batch, the number of chips or the model: `prompts check` says which rule a mesh breaks.',
        details: { nearest: null },
      },
    )
  }
  const { nearest } = plan
  const lead = nearest ? `${towardsMemory(nearest)} ` : ''
  throw new PromptsError('not_feasible', `${lead}${workload.id} does not fit on ${slice} with any of ${legal} legal meshes as it is.`, {
    hint: nearest?.change ? 'Or take more chips or a smaller batch.' : 'Use a smaller batch, a shorter sequence or more chips.',
    details: { nearest },
  })
}
