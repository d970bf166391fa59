import { namePlaced } from '../contract/placed.ts'
import { formatMs, formatUsd } from '../text/units.ts'
import type { SearchResult, Spent } from '../tuners/run-search.ts'
import { stepOf, type Trial } from '../tuners/trial.ts'
import { formatTable } from './format/table.ts'

/** `22.9 s (predicted 23.4 s)`, `out of memory`, `failed: …`. */
export function trialWords({ outcome, predicted_ms }: Trial): string {
  if (outcome.result === 'oom') return 'out of memory'
  if (outcome.result === 'failed') return `failed: ${outcome.why}`
  return `${formatMs(outcome.step_time_ms)} per step${predicted_ms === null ? '' : ` (predicted ${formatMs(predicted_ms)})`}`
}

/** `4 trials, 0.40 h of the slices, $12.3`. */
export function spentWords({ trials, hours, dollars }: Spent): string {
  return `${trials} trial${trials === 1 ? '' : 's'}, ${hours.toFixed(2)} h of the slices, ${formatUsd(dollars)}`
}

/** What stands in the thread while a search goes on: the best first, then every trial. */
export function threadWords(
  id: string,
  { trials, best, spent, ended }: { trials: readonly Trial[]; best: Trial | null; spent: Spent; ended: string | null },
): string {
  return [
    best === null
      ? `Search of ${id}: nothing has run yet.`
      : `Search of ${id}: best so far ${namePlaced(best)}, ${formatMs(stepOf(best))} per step.`,
    `${spentWords(spent)}${ended === null ? '' : `; ${ended}`}`,
    ...trials.map((trial, at) => `${at + 1}. ${namePlaced(trial)} (${trial.from}): ${trialWords(trial)}`),
  ].join('\n')
}

export const endings: Readonly<Record<SearchResult['ended'], string>> = {
  budget: 'the budget is spent',
  space: 'every mesh was tried',
  stopped: 'stopped; the same command continues it',
}

/** The end of a search for people. */
export function formatSearch({ trials, best, spent, ended }: SearchResult): string {
  const rows = trials.map((trial, at) => [String(at + 1), namePlaced(trial), trial.from, trialWords(trial)])
  return [
    best === null ? 'Nothing ran.' : `Best: ${namePlaced(best)}, ${formatMs(stepOf(best))} per step.`,
    `${spentWords(spent)}; ${endings[ended]}.`,
    '',
    formatTable(['trial', 'mesh', 'from', 'what it did'], rows),
  ].join('\n')
}
