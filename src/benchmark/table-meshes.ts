import { type Placed, samePlaced } from '../contract/placed.ts'
import { randomNumbers, shuffled } from '../numbers/random-numbers.ts'
import type { Workload } from '../planner/workload.ts'
import type { Advice } from './advice.ts'
import { pureFsdp } from './pure-fsdp.ts'
import type { Regime } from './regime.ts'

/** Why a mesh is in a table. */
export type Role = 'card' | 'expert' | 'fsdp' | 'baseline' | 'planner' | 'random' | 'recorded'

/** A mesh that is to be compiled; the lower the wave the sooner. */
export interface WantedMesh extends Placed {
  role: Role
  wave: number
}

const tableSize = 16
const plannerFirst = 8
/** The planner's meshes that come before the others. */
const plannerSoon = 5

/**
 * The meshes of a regime that are worth compiling, the most telling first: cards, expert, pure FSDP and baseline, the planner's
 * first eight, then legal meshes at random, sixteen in all; without a table the cards and the expert's alone, sooner where the
 * expert's is no card. The cards of every regime come before what only fills a table.
 */
export function tableMeshes(regime: Regime, workload: Workload, advice: Pick<Advice, 'ranked' | 'cards'>): WantedMesh[] {
  const serving = workload.phase !== 'train'
  const wanted: WantedMesh[] = []
  const add = (placed: Placed | null, role: Role, wave: number) => {
    if (placed === null || wanted.length >= tableSize || wanted.some((one) => samePlaced(one, placed))) return
    wanted.push({ mesh: placed.mesh, dcn: placed.dcn, role, wave })
  }
  const missed = regime.expert !== null && !advice.cards.some((card) => samePlaced(card, regime.expert as Placed))
  const first = regime.table || missed ? 0 : 1
  for (const card of advice.cards) add(card, 'card', first)
  add(regime.expert, 'expert', first)
  if (!regime.table) return wanted
  const fsdp = pureFsdp(workload)
  if (advice.ranked.some((verdict) => samePlaced(verdict, fsdp))) add(fsdp, 'fsdp', 0)
  add(regime.baseline, 'baseline', 2)
  for (const [place, verdict] of advice.ranked.slice(0, plannerFirst).entries())
    add(verdict, 'planner', serving || place < plannerSoon ? 2 : 3)
  for (const verdict of shuffled(advice.ranked, randomNumbers(regime.id))) add(verdict, 'random', serving ? 2 : 3)
  return wanted
}
