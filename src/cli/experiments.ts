import { exitCodes, PromptsError } from '../errors.ts'
import { createRunFinder } from '../experiment/find/run-finder.ts'
import { sliceTable } from '../knowledge/data/slice-table.ts'
import type { Command } from './command.ts'
import { formatRuns } from './format/format-runs.ts'

const maxShown = 50
const maxPrinted = 10_000

export const command: Command = {
  name: 'experiments',
  usage: 'experiments [words] [--limit N] [--json]',
  summary: 'the runs that the configured sources have, newest first',
  options: {
    limit: { type: 'string', meaning: `how many (${maxShown}; with --json ${maxPrinted})` },
    json: { type: 'boolean', meaning: 'print {experiments} as JSON' },
  },
  positionals: { min: 0, max: 20 },
  async run({ positionals, flags, config, print, note, signal }) {
    const limit = flags['limit'] === undefined ? (flags['json'] ? maxPrinted : maxShown) : Number(flags['limit'])
    if (!Number.isInteger(limit) || limit < 1)
      throw new PromptsError('bad_arguments', `--limit is "${flags['limit']}"`, { hint: 'A whole number from 1.' })
    const finder = createRunFinder(config, sliceTable)
    const { runs, silent } = await finder.list({ words: positionals, limit, audience: null, signal })
    for (const message of silent) note(message)
    print(flags['json'] ? JSON.stringify({ experiments: runs }) : formatRuns(runs, positionals))
    return silent.length > 0 && runs.length === 0 ? exitCodes.unavailable : exitCodes.ok
  },
}
