import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { evaluateCards } from '../../src/agents/evaluator.ts'
import { ruleReasoning } from '../../src/agents/reasoning.ts'
import { readConfig } from '../../src/config.ts'
import type { Experiment } from '../../src/contract/experiment.ts'
import type { ProfileReport } from '../../src/contract/profile-report.ts'
import type { RunRequest } from '../../src/contract/run.ts'
import { parseExperiment } from '../../src/experiment/parse-experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { indexLibrary } from '../../src/knowledge/index-library.ts'
import type { LibraryEntry } from '../../src/knowledge/library.ts'
import { readKnowledge, shippedKnowledge } from '../../src/knowledge/read-knowledge.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { planExperiment } from '../../src/planner/plan.ts'
import type { RunDeps } from '../../src/runs/deps.ts'
import { createFileMemory } from '../../src/runs/memory/file-memory.ts'
import { createDiagnoseService } from '../../src/runs/service.ts'
import { createThread } from '../../src/thread/thread.ts'

export const llamaExperiment: Experiment = {
  id: 'exp-123',
  framework: 'maxtext',
  hardware: { chip: 'v5p', topology: '4x4x4', slices: 1 },
  phase: 'train',
  model: 'llama2-70b',
  run: {
    global_batch: 256,
    seq_len: 4096,
    activation_dtype: 'bf16',
    weight_dtype: 'f32',
    optimizer: 'adamw',
    remat: 'full',
    microbatches: 1,
  },
  mesh: { data: 8, model: 8 },
  objective: 'throughput',
}

/** A profile as the reader would report it: a job of 64 v5p chips that waits for its collectives. */
export const communicationReport: ProfileReport = {
  source: 'profile',
  device: { type: 'TPU v5p', devices: 64, hosts: 16 },
  kpis: {
    step_time_ms: 35_300,
    duty_cycle: 0.98,
    mxu_utilization: 0.41,
    hbm_bandwidth_utilization: 0.3,
    communication_share: 0.43,
    exposed_communication_share: 0.31,
    roofline_efficiency: 0.44,
    peak_hbm_gib: 60,
    mfu: 0.41,
  },
  bottleneck: {
    class: 'communication',
    confidence: 0.9,
    evidence: ['collectives are in flight 43% of the step, 31% with nothing computing', 'the longest op is all-reduce.17, 12% of the time'],
    also: [],
  },
  top_ops: [
    {
      name: 'all-reduce.17',
      category: 'all-reduce',
      self_ms: 4236,
      share: 0.12,
      bound_by: 'communication',
      flops: null,
      bytes: null,
      source: null,
    },
  ],
  roofline: { peak_tflops: 459, peak_hbm_gbps: 2765, ridge_flop_per_byte: 166, points: [] },
  collectives: [],
  steps: null,
  outside_steps_ms: null,
  categories: [],
  hosts: [],
  anti_patterns: [],
  skew: [],
  notes: [],
}

let knowledge: LibraryEntry[] | undefined

/** A service over a folder of its own and the shipped library, with experiments and reports from memory. */
export async function openTestService(
  options: { deps?: Partial<RunDeps>; report?: ProfileReport | null; shipped?: boolean; env?: Record<string, string> } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-agents-'))
  const library = createSqliteLibrary({ path: ':memory:' })
  if (options.shipped !== false) {
    knowledge ??= await readKnowledge([shippedKnowledge])
    await indexLibrary(library, knowledge, { embedder: null, signal: new AbortController().signal })
  }
  const report = options.report === undefined ? communicationReport : options.report
  const deps: RunDeps = {
    config: readConfig({ PROMPTS_HOME: folder, ...options.env }),
    memory: createFileMemory({ folder }),
    library,
    embedder: null,
    loadExperiment: async (subject) => {
      if (subject.kind !== 'inline') throw new Error('only inline here')
      return {
        experiment: parseExperiment(subject.yaml, 'the experiment'),
        origin: 'a test',
        profile: report === null ? null : { name: 'profile', open: async () => 'profile' },
        links: [],
      }
    },
    readProfile: async () => {
      if (report === null) throw new Error('there is no profile')
      return { report, details: null }
    },
    plan: async (input) => planExperiment({ ...input, clock: () => performance.now() }),
    resolve: (experiment) => resolveWorkload(experiment, { findChip, findSlice, resolveModel }),
    compiler: null,
    evaluateCards: async (input, onChange, signal) =>
      deps.compiler === null
        ? { cards: input.cards, notes: [] }
        : evaluateCards({ ...deps, compiler: deps.compiler }, input, onChange, signal),
    reasoning: () => ruleReasoning,
    clock: () => performance.now(),
    now: () => new Date('2026-02-03T04:05:06Z'),
    ...options.deps,
  }
  const service = createDiagnoseService(deps)
  return {
    service,
    thread: createThread(deps),
    deps,
    folder,
    async close() {
      await library.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function requestFor(experiment: Experiment, options: Partial<RunRequest> = {}): RunRequest {
  return {
    run: 'r-1',
    tenant: 'T1',
    subject: { kind: 'inline', yaml: stringify(experiment) },
    compile: false,
    by: 'U1',
    at: '2026-02-03T04:05:06.000Z',
    thread: null,
    ...options,
  }
}

export const signal = new AbortController().signal
