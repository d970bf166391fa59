import type { ListedRun } from '../../experiment/find/run-finder.ts'
import { formatMs } from '../../text/units.ts'
import { formatTable } from './table.ts'

/** A table of runs; what is not known without opening one is a dash. */
export function formatRuns(runs: readonly ListedRun[], words: readonly string[]): string {
  if (runs.length === 0)
    return words.length > 0 ? `No run has ${words.join(' and ')} in its name, model, chip or source.` : 'No source has any run.'
  const several = new Set(runs.map((run) => run.source)).size > 1
  const header = ['run', 'slice', 'model', 'phase', 'step', 'profile', 'last written', ...(several ? ['source'] : [])]
  return formatTable(
    header,
    runs.map((run) => [
      run.id,
      sliceOf(run),
      run.model ?? '–',
      run.phase ?? '–',
      run.step_time_ms === null ? '–' : formatMs(run.step_time_ms),
      run.has_profile === null ? '–' : run.has_profile ? 'yes' : 'no',
      run.at === null ? '–' : run.at.slice(0, 16).replace('T', ' '),
      ...(several ? [run.source] : []),
    ]),
  )
}

function sliceOf({ chip, topology }: ListedRun): string {
  if (topology !== null && (chip === null || topology.startsWith(`${chip}-`))) return topology
  return [chip, topology].filter((part) => part !== null).join(' ') || '–'
}
