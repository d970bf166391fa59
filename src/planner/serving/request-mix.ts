import { isEngine } from '../../contract/experiment.ts'
import type { Workload } from '../workload.ts'
import { engineConstants } from './engine-constants.ts'
import { type ServedLatency, simulateServing } from './simulate.ts'
import type { StepLaw } from './step-law.ts'

/** Enough requests for a p99, few enough for every verdict that is shown. */
const waves = 6
const fewest = 400
const most = 4000

/** Latencies of a job's own request mix on one mesh; null where the run says no lengths, or no engine serves it. */
export function servedLatency({ framework, phase, run }: Workload, law: StepLaw | undefined, replicas: number): ServedLatency | null {
  const mixed = run.input_len !== null && run.output_len !== null
  if (!law || !mixed || phase !== 'decode' || !isEngine(framework)) return null
  const concurrency = Math.max(1, Math.ceil((run.concurrency ?? run.global_batch) / replicas))
  return simulateServing(law, {
    inputLen: run.input_len!,
    outputLen: run.output_len!,
    concurrency,
    batchedTokens: engineConstants[framework].batched_tokens,
    requests: Math.min(most, Math.max(fewest, waves * concurrency)),
  })
}
