import type { Framework, Phase } from '../contract/experiment.ts'
import type { ResolvedRun } from './workload.ts'

/**
 * Whether a device gathers the weights of all experts, over the expert axis too, and computes them for its own tokens: MaxText's
 * dropping experts are products over all of them, and the compiler partitions those by gathering weights, as compiled modules
 * show. Otherwise a device keeps its share of the experts and tokens are exchanged.
 */
export function gathersEveryExpert(job: { framework: Framework; phase: Phase; run: Pick<ResolvedRun, 'moe'> }): boolean {
  return job.framework === 'maxtext' && job.phase === 'train' && job.run.moe === 'dropping'
}
