import { mean, median } from '../numbers/statistics.ts'
import type { JudgedRegime } from './judge-regime.ts'
import { isSearchable } from './truth-table.ts'

/** So many of so many. */
export interface Count {
  of: number
  hit: number
}

/** How often the answer is among the cards, in regimes of one kind. */
export interface Found {
  topThree: Count
  first: Count
}

/** The figures of the benchmark. Regimes without a known answer, and cards without a recording, are in no count. */
export interface Figures {
  regimes: number
  /** Regimes with a table that rivals search. */
  tables: number
  rows: { compiled: number; replayed: number; measured: number; failed: number }
  expert: Found
  expertOrBest: Found
  notPure: Found
  paper: Found
  /** Of the first card where it is recorded; `failed` counts first cards that do not run. */
  regret: { of: number; median: number | null; largest: number | null; failed: number }
  cards: { all: number; recorded: number; compile: number }
  trialsSaved: { of: number; mean: number | null; median: number | null }
  gain: { of: number; mean: number | null; largest: number | null }
  planMs: { median: number | null; largest: number | null }
}

export function figuresOf(judged: readonly JudgedRegime[]): Figures {
  const known = judged.filter(({ answers }) => answers.length > 0)
  const withExpert = judged.filter(({ answers }) => answers[0]?.from === 'expert')
  const rows = judged.flatMap(({ table }) => table.rows)
  const tables = judged.filter(({ table }) => isSearchable(table))
  const firsts = tables.flatMap(({ cards }) => (cards[0]?.row ? [cards[0]] : []))
  const regrets = firsts.flatMap(({ regret }) => regret ?? [])
  const cards = judged.flatMap((one) => one.cards)
  const recorded = cards.filter(({ row }) => row !== null && row.kind !== 'measured')
  const saved = known.flatMap(({ trialsSaved }) => trialsSaved ?? [])
  const gains = judged.flatMap(({ gain }) => gain ?? [])
  const times = judged.map(({ advice }) => advice.elapsedMs)
  return {
    regimes: judged.length,
    tables: tables.length,
    rows: {
      compiled: rows.filter(({ kind }) => kind !== 'measured').length,
      replayed: rows.filter(({ kind }) => kind === 'replayed').length,
      measured: rows.filter(({ kind }) => kind === 'measured').length,
      failed: rows.filter(({ why }) => why !== null).length,
    },
    expert: foundOf(withExpert, ({ expertCard }) => expertCard),
    expertOrBest: foundOf(known, ({ answerCard }) => answerCard),
    notPure: foundOf(
      known.filter(({ pure }) => !pure),
      ({ answerCard }) => answerCard,
    ),
    paper: foundOf(
      known.filter(({ regime }) => regime.paper !== null),
      ({ answerCard }) => answerCard,
    ),
    regret: { of: firsts.length, median: median(regrets), largest: largest(regrets), failed: firsts.length - regrets.length },
    cards: { all: cards.length, recorded: recorded.length, compile: recorded.filter(({ row }) => row?.why === null).length },
    trialsSaved: { of: saved.length, mean: mean(saved), median: median(saved) },
    gain: { of: gains.length, mean: mean(gains), largest: largest(gains) },
    planMs: { median: median(times), largest: largest(times) },
  }
}

function foundOf(judged: readonly JudgedRegime[], placeOf: (one: JudgedRegime) => number | null): Found {
  const places = judged.map(placeOf)
  return {
    topThree: { of: places.length, hit: places.filter((place) => place !== null).length },
    first: { of: places.length, hit: places.filter((place) => place === 1).length },
  }
}

function largest(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values)
}
