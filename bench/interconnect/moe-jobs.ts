import { type Experiment, experimentSchema } from '../../src/contract/experiment.ts'

const slices = [
  ['v5p', '4x4x4'],
  ['v5p', '4x4x8'],
  ['v5p', '8x8x8'],
  ['v6e', '8x8'],
  ['v6e', '16x16'],
  ['v5e', '16x16'],
] as const
const models = ['mixtral-8x7b', 'qwen3-30b-a3b', 'qwen3-235b-a22b', 'deepseek3-671b']
const phases = ['train', 'prefill', 'decode'] as const

/** Mixtures of experts on many slices, in training, prefill and decoding. */
export function moeJobs(): Experiment[] {
  const jobs: Experiment[] = []
  for (const [chip, topology] of slices)
    for (const model of models)
      for (const phase of phases) {
        const devices = topology.split('x').reduce((product, n) => product * Number(n), 1)
        const run =
          phase === 'train'
            ? { global_batch: 4 * devices, seq_len: 4096, remat: 'full' }
            : { global_batch: devices, seq_len: 2048, weight_dtype: 'bf16' }
        jobs.push(experimentSchema.parse({ id: `${model}-${chip}-${topology}-${phase}`, hardware: { chip, topology }, phase, model, run }))
      }
  return jobs
}
