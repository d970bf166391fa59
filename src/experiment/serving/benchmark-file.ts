import { basename, dirname, resolve } from 'node:path'
import { sortOut } from '../run-folder/run-contents.ts'
import type { FoundRun } from '../sources/experiment-source.ts'
import { folderStore } from '../sources/stores/folder-store.ts'
import { findBenchmark } from './find-benchmark.ts'
import { servingDraft } from './serving-draft.ts'

const maxBeside = 500

/**
 * The run of one result file of a serving benchmark that an operator names; what the engine printed may lie beside it. Null for
 * another file.
 */
export async function benchmarkFile(path: string, id: string, signal: AbortSignal): Promise<FoundRun | null> {
  const folder = dirname(resolve(path))
  const store = folderStore(dirname(folder))
  const beside = await store.list(basename(folder), maxBeside, signal)
  const { benchmarks, logs } = sortOut(beside.files, basename(folder))
  const own = benchmarks.filter((file) => basename(file.path) === basename(path))
  const served = await findBenchmark(store, { benchmarks: own, logs }, signal)
  if (served === null) return null
  return {
    ...{ id, origin: `file ${path}`, experiment: null, slice: null, profile: null, links: [], notes: [] },
    draft: async (_, { knowsModel }) => servingDraft(served.benchmark, served.engine, id, knowsModel),
  }
}
