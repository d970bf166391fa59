import { exitCodes } from '../errors.ts'
import { openLibrary } from '../knowledge/open-library.ts'
import type { Command } from './command.ts'

export const command: Command = {
  name: 'index',
  usage: 'index [--json]',
  summary: 'load the library: what changed, and what vanished',
  options: { json: { type: 'boolean', meaning: 'print what was done as JSON' } },
  positionals: { min: 0, max: 0 },
  async run({ flags, config, print, note, signal }) {
    const opened = await openLibrary(config, { onStoreChange: (state, detail) => note(`Qdrant is ${state}: ${detail}`), signal })
    try {
      const reports = await opened.index({ signal, onProgress: ({ done, total }) => note(`${done} of ${total}`) })
      if (flags['json']) print(JSON.stringify(reports))
      else
        for (const [store, report] of Object.entries(reports))
          print(`${store}: ${report.added} added, ${report.updated} updated, ${report.removed} removed, ${report.unchanged} unchanged`)
      return exitCodes.ok
    } finally {
      await opened.library.close()
    }
  },
}
