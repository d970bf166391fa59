import { exitCodes } from '../errors.ts'
import { openLibrary } from '../knowledge/open-library.ts'
import type { Run } from './command.ts'

export const run: Run<'index'> = async ({ config, show, note, signal }) => {
  const opened = await openLibrary(config, { onStoreChange: (state, detail) => note(`Qdrant is ${state}: ${detail}`), signal })
  try {
    const reports = await opened.index({ signal, onProgress: ({ done, total }) => note(`${done} of ${total}`) })
    show(reports, (shown) =>
      Object.entries(shown)
        .map(
          ([store, { added, updated, removed, unchanged }]) =>
            `${store}: ${added} added, ${updated} updated, ${removed} removed, ${unchanged} unchanged`,
        )
        .join('\n'),
    )
    return exitCodes.ok
  } finally {
    await opened.library.close()
  }
}
