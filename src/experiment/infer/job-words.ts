import type { InferredJob } from '../../hlo/infer/inferred.ts'

/** What is read from a program by its name in an experiment file, in the order in which a note tells it. */
export const jobWords = [
  ['phase', 'phase'],
  ['layers', 'layers'],
  ['embed', 'embed'],
  ['mlp', 'mlp'],
  ['heads', 'heads'],
  ['kvHeads', 'kv_heads'],
  ['headDim', 'head_dim'],
  ['vocab', 'vocab'],
  ['experts', 'experts'],
  ['expertsPerToken', 'experts_per_token'],
  ['globalBatch', 'global_batch'],
  ['seqLen', 'seq_len'],
  ['microbatches', 'microbatches'],
  ['pipelineMicrobatches', 'pipeline_microbatches'],
  ['optimizer', 'optimizer'],
  ['remat', 'remat'],
] as const satisfies readonly (readonly [keyof InferredJob, string])[]
