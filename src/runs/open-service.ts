import type { Asker } from '../agents/deps.ts'
import { evaluateCards } from '../agents/evaluator.ts'
import { createGeminiReasoning } from '../agents/model/gemini-reasoning.ts'
import { ruleReasoning } from '../agents/reasoning.ts'
import type { Compiler } from '../compiler/compiler.ts'
import type { Config } from '../config.ts'
import { namedAxes } from '../contract/mesh.ts'
import type { RunRequest } from '../contract/run.ts'
import type { Audience, RunFinder } from '../experiment/find/run-finder.ts'
import { readExperiment } from '../experiment/parse-experiment.ts'
import { resolveWorkload } from '../experiment/resolve-workload.ts'
import type { LoadedExperiment } from '../experiment/sources/experiment-source.ts'
import { openCatalog } from '../knowledge/data/catalog.ts'
import { createGeminiClient } from '../knowledge/gemini/client.ts'
import { type OpenedLibrary, openLibrary } from '../knowledge/open-library.ts'
import type { HeavyWork } from '../threads/heavy-work.ts'
import type { RunDeps } from './deps.ts'
import { openRunStore, type RunStore } from './memory/open-memory.ts'
import type { ShardingMemory } from './memory/sharding-memory.ts'
import type { DiagnoseService } from './service.ts'
import { createDiagnoseService } from './service.ts'

export interface OpenedService {
  service: DiagnoseService
  memory: ShardingMemory
  runStore: RunStore
  library: OpenedLibrary
  deps: RunDeps
  close(): Promise<void>
}

/** The reasoning layer as the configuration says. `mayKnow` says which runs a channel may know of; absent: all. */
export async function openDiagnoseService(options: {
  config: Config
  finder: RunFinder
  compiler: Compiler | null
  /** Closed with the service. */
  heavy: HeavyWork
  mayKnow?: (channel: string, id: string) => boolean
  onStoreChange?: (state: 'away' | 'back', detail: string) => void
  onRefused?: (what: string, reason: string) => void
}): Promise<OpenedService> {
  const { config, finder, compiler, heavy, mayKnow = () => true } = options
  const runStore = openRunStore(config)
  const { memory, spend, pending } = runStore
  const library = await openLibrary(config, {
    pending,
    ...(options.onStoreChange ? { onStoreChange: options.onStoreChange } : {}),
    ...(options.onRefused ? { onRefused: options.onRefused } : {}),
  })
  const catalog = openCatalog(config)
  const client = createGeminiClient(config)

  const deps: RunDeps = {
    config,
    memory,
    library: library.library,
    embedder: library.embedder,
    loadExperiment: (subject, signal, asker = null) =>
      loadFor(subject, { finder, asker, audience: asker === null ? null : (id) => mayKnow(asker.channel, id) }, signal),
    readProfile: (source, signal, mesh) => heavy.readProfile(source, mesh ? namedAxes(mesh) : null, signal),
    plan: (input, signal) => heavy.plan(input, signal),
    resolve: (experiment) => resolveWorkload(experiment, catalog),
    compiler,
    evaluateCards: async (input, onChange, signal) =>
      compiler === null ? { cards: input.cards, notes: [] } : evaluateCards({ ...deps, compiler }, input, onChange, signal),
    reasoning: () => ruleReasoning,
    clock: () => performance.now(),
    now: () => new Date(),
  }
  if (client) {
    const gemini = createGeminiReasoning({ client, deps, spend })
    deps.reasoning = gemini.reasoning
    deps.answerQuestion = gemini.answerQuestion
    deps.classifyMessage = gemini.classifyMessage
  }
  const close = async () => {
    await heavy.close()
    await library.library.close()
  }
  return { service: createDiagnoseService(deps), memory, runStore, library, deps, close }
}

async function loadFor(
  subject: RunRequest['subject'],
  { finder, asker, audience }: { finder: RunFinder; asker: Asker | null; audience: Audience },
  signal: AbortSignal,
): Promise<LoadedExperiment> {
  switch (subject.kind) {
    case 'experiment':
      return (asker === null ? finder : finder.forWorkspace(asker.tenant)).find(subject.id, signal, audience, subject.said)
    case 'path':
      return finder.open(subject.path, signal, { said: subject.said ?? {} })
    case 'inline': {
      const { experiment, notes } = readExperiment(subject.yaml, 'the experiment in the message')
      if (experiment.profile) notes.push('An experiment sent in a message has no folder: its profile is not read.')
      return { experiment, origin: 'a message', profile: null, links: [], notes }
    }
  }
}
