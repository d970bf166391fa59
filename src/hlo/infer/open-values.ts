import type { HloModule } from '../types.ts'
import type { InferredRemat } from './infer-remat.ts'
import type { Found, InferredJob, OpenName, OpenValue } from './inferred.ts'
import { likelyBatches } from './likely-batches.ts'

const usualLengths = [1024, 2048, 4096, 8192]
const mostChoices = 5

/** What an experiment needs and the program does not say, with what it may be. */
export function openValues(job: InferredJob, module: HloModule, remat: InferredRemat | null): OpenValue[] {
  const open: OpenValue[] = []
  const ask = (name: OpenName, value: Found<unknown> | object | null, why: string, choices: OpenValue['choices'] = []) => {
    if (value === null) open.push({ name, choices: choices.slice(0, mostChoices), why })
  }
  const seen = job.globalBatch === null || job.seqLen === null ? likelyBatches(module, job) : { batches: [], lengths: [] }
  const nameless = 'no weight that has it is known by its name'
  ask('phase', job.phase, 'no input is a batch of tokens', ['train', 'prefill', 'decode'])
  ask('mesh', job.mesh, 'no weight is known by its name, or none is split', likelyMeshes(job))
  for (const name of ['layers', 'embed', 'mlp', 'vocab'] as const) ask(name, job[name], nameless)
  const why = job.latentAttention ? 'latent attention (MLA), whose dims are not read' : nameless
  ask('heads', job.heads, why)
  ask('kv_heads', job.kvHeads, why, job.heads === null ? [] : partsOf(job.heads.value))
  ask('head_dim', job.headDim, why, [64, 128, 256])
  ask('global_batch', job.globalBatch, 'no input is a batch of tokens', seen.batches)
  ask('seq_len', job.seqLen, 'no input has the length of the sequence', seen.lengths.length > 0 ? seen.lengths : usualLengths)
  const experts = job.experts?.value ?? 1
  if (experts > 1)
    ask(
      'experts_per_token',
      job.expertsPerToken,
      'no selection of experts was found',
      [1, 2, 4, 8].filter((count) => count < experts),
    )
  if (remat !== null) ask('remat', job.remat, remat.why, remat.choices)
  return open
}

/** Keys and values of fewer heads than queries, the usual shares first. */
function partsOf(heads: number): number[] {
  return [heads, 8, heads / 4, heads / 8, 1].filter(
    (count, at, all) => Number.isInteger(count) && heads % count === 0 && all.indexOf(count) === at,
  )
}

/** The meshes that so many devices are mostly laid out as: sharded over all, with some tensor parallelism, replicas. */
function likelyMeshes({ devices, heads }: InferredJob): string[] {
  const count = devices?.value ?? 0
  if (count < 2) return []
  const tensor = [2, 4, 8, 16].filter((size) => size < count && count % size === 0 && (heads === null || heads.value % size === 0))
  return [`data=${count}`, ...tensor.slice(0, 2).map((size) => `data=${count / size},model=${size}`), `model=${count}`, `replica=${count}`]
}
