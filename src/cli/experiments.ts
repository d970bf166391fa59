import { exitCodes } from '../errors.ts'
import { createRunFinder } from '../experiment/find/run-finder.ts'
import { sliceTable } from '../knowledge/data/slice-table.ts'
import type { Run } from './command.ts'
import { formatRuns } from './format/format-runs.ts'

const maxShown = 50
const maxPrinted = 10_000

export const run: Run<'experiments'> = async ({ positionals, flags, config, show, note, signal }) => {
  const limit = flags.limit ?? (flags.json ? maxPrinted : maxShown)
  const finder = createRunFinder(config, sliceTable)
  const { runs, silent } = await finder.list({ words: positionals, limit, audience: null, signal })
  for (const message of silent) note(message)
  show({ experiments: runs }, ({ experiments }) => formatRuns(experiments, positionals))
  return silent.length > 0 && runs.length === 0 ? exitCodes.unavailable : exitCodes.ok
}
