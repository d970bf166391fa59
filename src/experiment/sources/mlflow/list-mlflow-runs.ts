import type { RunEntry } from '../experiment-source.ts'
import type { IndexedRun, RunIndex } from '../run-index.ts'
import type { MlflowClient, MlflowRun } from './mlflow-client.ts'
import { entryOfRun } from './mlflow-entry.ts'

/** A page is small: the server reads all params and metrics of each run on it. */
const pageSize = 200
/** How long a list may go on asking; what is not reached is reached by the next one. */
const budgetMs = 3500
/** After this an indexed run is read anew: it may have been renamed or deleted. */
const keptMs = 24 * 3600_000

/**
 * Runs of a server, newest first: those that the index knows, and as many newer and then older ones as the budget of time allows.
 * The index makes thousands cheap: only what started since the last list is asked for.
 */
export async function listMlflowRuns(
  client: MlflowClient,
  { source, index, limit, signal }: { source: string; index: RunIndex | null; limit: number; signal: AbortSignal },
): Promise<RunEntry[]> {
  const now = Date.now()
  const known = new Map([...(index?.all(source) ?? [])].filter(([, run]) => now - run.checkedMs < keptMs))
  const starts = [...known.values()].map((run) => run.orderMs)
  const asking = { client, signal: AbortSignal.any([signal, AbortSignal.timeout(budgetMs)]), found: new Map<string, IndexedRun>() }
  try {
    if (starts.length === 0) await take(asking, '', limit)
    else {
      const [newest, oldest] = [Math.max(...starts), Math.min(...starts)]
      await take(asking, `attributes.start_time > ${newest}`, limit)
      await take(asking, `attributes.status = 'RUNNING'`, pageSize)
      await take(asking, `attributes.start_time < ${oldest}`, limit - known.size)
    }
  } catch (error) {
    // out of time is no failure where there is something to show
    signal.throwIfAborted()
    if (!asking.signal.aborted || (known.size === 0 && asking.found.size === 0)) throw error
  }
  if (asking.found.size > 0) index?.put(source, asking.found)
  return [...new Map([...known, ...asking.found]).values()]
    .sort((a, b) => b.orderMs - a.orderMs)
    .flatMap(({ entry }) => (entry === null ? [] : [entry]))
    .slice(0, limit)
}

interface Asking {
  client: MlflowClient
  signal: AbortSignal
  found: Map<string, IndexedRun>
}

async function take({ client, signal, found }: Asking, filter: string, limit: number): Promise<void> {
  if (limit <= 0) return
  for await (const runs of client.pages(filter, Math.min(limit, pageSize), signal)) {
    for (const run of runs) found.set(run.info.run_id, indexed(run))
    if (found.size >= limit) return
  }
}

function indexed(run: MlflowRun): IndexedRun {
  return { checkedMs: Date.now(), orderMs: run.info.start_time ?? 0, entry: entryOfRun(run) }
}
