import { type FileStore, readStoredText, type StoredFile } from '../sources/stores/file-store.ts'
import { type EngineArguments, readEngineArguments } from './engine-arguments.ts'
import { readBenchmark, type ServingBenchmark } from './read-benchmark.ts'

const maxBenchmarkBytes = 64 * 2 ** 20
const maxLogBytes = 2 ** 20
const maxTried = 20

/** The newest serving benchmark of a run's folder with the engine's arguments beside it; null where none of its files is one. */
export async function findBenchmark(
  store: FileStore,
  { benchmarks, logs }: { benchmarks: readonly StoredFile[]; logs: readonly StoredFile[] },
  signal: AbortSignal,
): Promise<{ benchmark: ServingBenchmark; engine: EngineArguments; name: string; others: number } | null> {
  const newestFirst = benchmarks.toSorted((a, b) => b.changedMs - a.changedMs || (a.path < b.path ? 1 : -1)).slice(0, maxTried)
  const read: { benchmark: ServingBenchmark; name: string }[] = []
  for (const file of newestFirst) {
    const benchmark =
      file.bytes > maxBenchmarkBytes ? null : readBenchmark(await readStoredText(store, file.path, maxBenchmarkBytes, signal))
    if (benchmark !== null) read.push({ benchmark, name: file.path.slice(file.path.lastIndexOf('/') + 1) })
  }
  // the clients write when they ran, and copying does not change that
  read.sort((a, b) => (b.benchmark.at ?? '').localeCompare(a.benchmark.at ?? ''))
  const [newest] = read
  if (newest === undefined) return null
  const engine: EngineArguments = new Map()
  for (const log of logs.slice(0, maxTried))
    for (const [name, value] of readEngineArguments(await headOf(store, log, signal))) engine.set(name, value)
  return { ...newest, engine, others: read.length - 1 }
}

/** An engine says its arguments at its start. */
async function headOf(store: FileStore, file: StoredFile, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await store.read(file.path, signal, maxLogBytes)) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
