import { samePlaced } from '../contract/placed.ts'
import type { Kpis } from '../contract/profile-report.ts'
import type { Verdict } from '../contract/verdict.ts'
import { randomNumbers } from '../numbers/random-numbers.ts'
import { mean, spread } from '../numbers/statistics.ts'
import { calibrateWorkload } from '../planner/calibrate-workload.ts'
import { type CostModel, costModel } from '../planner/cost-model.ts'
import { type Advice, adviseOn } from './advice.ts'
import type { ReadRegimeProfile } from './judge-all.ts'
import { type JudgedRegime, judgeRegime } from './judge-regime.ts'
import { isSearchable } from './truth-table.ts'

/**
 * How often the answer is among the cards and first, and how often the first card stays as it is, with spreads over seeds (null:
 * there is one).
 */
export interface Stable {
  what: string
  regimes: number
  seeds: number
  topThree: { mean: number; spread: number | null }
  first: { mean: number; spread: number | null }
  sameFirst: { mean: number; spread: number | null }
}

const seeds = 10
const noise = 0.1

/** Other advice on the same regime. */
type Otherwise = (judged: JudgedRegime, seed: number) => Advice

/** Parts of the advice taken away: what each is worth. */
export function ablations(judged: readonly JudgedRegime[]): Stable[] {
  const known = judged.filter(({ answers }) => answers.length > 0)
  const only = (what: string, cards: (ranked: readonly Verdict[]) => Verdict[]) =>
    stableOf(what, known, 1, ({ advice }) => ({ ...advice, cards: cards(advice.ranked) }))
  return [
    stableOf('as it is', known, 1, ({ advice }) => advice),
    only('without choosing what covers the errors: the first three of the ranking', (ranked) => ranked.slice(0, 3)),
    only('without ties and simplicity: the fastest three that are thought to fit', (ranked) =>
      fastest(ranked.filter(({ memory }) => memory?.fits)),
    ),
    only('without the memory model: the fastest three of all that is legal', fastest),
    only('without communication: compute and HBM alone', (ranked) =>
      fastest(
        ranked.filter(({ memory }) => memory?.fits),
        (verdict) => Math.max(verdict.estimate?.compute_ms ?? 0, verdict.estimate?.hbm_ms ?? 0),
      ),
    ),
  ]
}

/** The constants of the time model off by up to a share of themselves, ten times, on the regimes whose tables are searched. */
export function noisyConstants(judged: readonly JudgedRegime[], clock: () => number): Stable {
  const some = judged.filter(({ table, answers }) => isSearchable(table) && answers.length > 0)
  return stableOf(`constants of the time model off by up to ${noise * 100}%`, some, seeds, ({ workload }, seed) =>
    adviseOn(workload, clock, { constants: worseConstants(seed) }),
  )
}

/** Profiles that are noisy, and profiles that lack figures. */
export function worseProfiles(
  judged: readonly JudgedRegime[],
  profiles: ReadonlyMap<string, ReadRegimeProfile>,
  clock: () => number,
): Stable[] {
  const some = judged.filter(({ regime }) => profiles.has(regime.id))
  const withKpis = (what: string, times: number, change: (kpis: Kpis, seed: number) => Kpis | null) =>
    stableOf(what, some, times, ({ regime, workload }, seed) => {
      const kpis = profiles.get(regime.id)?.report.kpis
      return adviseOn(workload, clock, { calibration: calibrateWorkload({ workload, kpis: kpis ? change(kpis, seed) : null }) })
    })
  return [
    withKpis(`profiles off by up to ${noise * 100}%`, seeds, noisyKpis),
    withKpis('profiles without communication shares', 1, (kpis) => ({
      ...kpis,
      communication_share: null,
      exposed_communication_share: null,
    })),
    withKpis('profiles without utilizations', 1, (kpis) => ({
      ...kpis,
      mxu_utilization: null,
      hbm_bandwidth_utilization: null,
      duty_cycle: null,
      mfu: null,
    })),
    withKpis('no profile', 1, () => null),
  ]
}

function stableOf(what: string, judged: readonly JudgedRegime[], times: number, otherwise: Otherwise): Stable {
  const runs = Array.from({ length: times }, (_, seed) =>
    judged.map((one) => {
      const again = judgeRegime(one.table, one.workload, otherwise(one, seed))
      const [before, now] = [one.advice.cards[0], again.advice.cards[0]]
      return { ...again, same: before === undefined ? now === undefined : now !== undefined && samePlaced(before, now) }
    }),
  )
  const share = (of: (one: (typeof runs)[number][number]) => boolean) => {
    const shares = runs.map((run) => run.filter(of).length / Math.max(1, run.length))
    return { mean: mean(shares) ?? 0, spread: spread(shares) }
  }
  return {
    what,
    regimes: judged.length,
    seeds: times,
    topThree: share(({ answerCard, answers }) => answers.length > 0 && answerCard !== null),
    first: share(({ answerCard }) => answerCard === 1),
    sameFirst: share(({ same }) => same),
  }
}

function fastest(
  verdicts: readonly Verdict[],
  timeOf = (verdict: Verdict) => verdict.estimate?.step_time_ms ?? Number.POSITIVE_INFINITY,
): Verdict[] {
  return verdicts.toSorted((a, b) => timeOf(a) - timeOf(b)).slice(0, 3)
}

function worseConstants(seed: number): CostModel {
  const random = randomNumbers(`constants ${seed}`)
  const time = Object.fromEntries(
    Object.entries(costModel.time).map(([name, value]) => [
      name,
      typeof value === 'number' ? value * (1 + noise * (2 * random() - 1)) : value,
    ]),
  )
  return { ...costModel, time: time as CostModel['time'] }
}

function noisyKpis(kpis: Kpis, seed: number): Kpis {
  const random = randomNumbers(`profile ${seed}`)
  const off = (value: number | null, most = Number.POSITIVE_INFINITY) =>
    value === null ? null : Math.min(most, value * (1 + noise * (2 * random() - 1)))
  return {
    ...kpis,
    step_time_ms: off(kpis.step_time_ms),
    duty_cycle: off(kpis.duty_cycle, 1),
    mxu_utilization: off(kpis.mxu_utilization, 1),
    hbm_bandwidth_utilization: off(kpis.hbm_bandwidth_utilization, 1),
    communication_share: off(kpis.communication_share, 1),
    exposed_communication_share: off(kpis.exposed_communication_share, 1),
  }
}
