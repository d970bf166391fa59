import { type Placed, samePlaced } from '../contract/placed.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { Workload } from '../planner/workload.ts'
import type { Advice } from './advice.ts'
import { isPureFsdp } from './pure-fsdp.ts'
import type { Regime } from './regime.ts'
import { isSearchable, regretOf, rowFor, type TableRow, type TruthTable } from './truth-table.ts'

/** A card and what is recorded of its mesh: null where it was neither compiled nor measured, and is not counted. */
export interface JudgedCard {
  verdict: Verdict
  row: TableRow | null
  /** Null where it did not run, or nothing is recorded. */
  regret: number | null
}

/** Our advice on a regime beside what is known of it. */
export interface JudgedRegime {
  regime: Regime
  workload: Workload
  table: TruthTable
  advice: Advice
  cards: JudgedCard[]
  /**
   * The meshes that count as right: the expert's, and the best of a table that is large enough to have one. Empty: nothing is
   * known.
   */
  answers: (Placed & { from: 'expert' | 'best' })[]
  /** Whether the first answer (the expert's where there is one) is pure FSDP. */
  pure: boolean
  /** The card's place, from 1, that holds the expert's mesh, or any answer; null where none does. */
  expertCard: number | null
  answerCard: number | null
  /** Meshes that an exhaustive search of what fits would have tried beyond our trials until an answer. */
  trialsSaved: number | null
  /** Throughput of the first card over the baseline's, where both ran. */
  gain: number | null
}

export function judgeRegime(table: TruthTable, workload: Workload, advice: Advice): JudgedRegime {
  const { regime } = table
  const cards = advice.cards.map((verdict) => {
    const row = rowFor(table, verdict)
    return { verdict, row, regret: regretOf(table, row) }
  })
  const answers = answersOf(table)
  const among = (some: readonly Placed[]) => placeOf(advice.cards, some)
  const expert = answers.filter(({ from }) => from === 'expert')
  const first = answers[0]
  const tried = placeOf([...advice.cards, ...advice.ranked.filter((one) => !advice.cards.some((card) => samePlaced(card, one)))], answers)
  return {
    regime,
    workload,
    table,
    advice,
    cards,
    answers,
    pure: first !== undefined && isPureFsdp(first),
    expertCard: among(expert),
    answerCard: among(answers),
    trialsSaved: tried === null ? null : Math.max(0, advice.space.fitting - tried),
    gain: gainOf(table, cards[0] ?? null),
  }
}

/**
 * The expert comes first: where both are known and differ, either is right. An expert's mesh that the compiler refuses today is
 * no answer.
 */
function answersOf(table: TruthTable): JudgedRegime['answers'] {
  const answers: JudgedRegime['answers'] = []
  const { expert } = table.regime
  if (expert !== null && rowFor(table, expert)?.why == null) answers.push({ mesh: expert.mesh, dcn: expert.dcn, from: 'expert' })
  const { best } = table
  if (best !== null && isSearchable(table) && !answers.some((one) => samePlaced(one, best)))
    answers.push({ mesh: best.mesh, dcn: best.dcn, from: 'best' })
  return answers
}

function placeOf(cards: readonly Placed[], answers: readonly Placed[]): number | null {
  const at = cards.findIndex((card) => answers.some((answer) => samePlaced(card, answer)))
  return at < 0 ? null : at + 1
}

function gainOf(table: TruthTable, first: JudgedCard | null): number | null {
  const { baseline } = table.regime
  const before = baseline === null ? null : rowFor(table, baseline)
  if (before?.stepMs == null || first?.row?.stepMs == null) return null
  return before.stepMs / first.row.stepMs
}
