import type { InferredJob } from '../../hlo/infer/inferred.ts'

/** What is read from a program by its name in an experiment file, in the order in which a note tells it. */
export const jobWords = [
  ...([['phase', 'phase'], ['layers', 'layers'], ['embed', 'embed'], ['mlp', 'mlp'], ['heads', 'heads'], ['kvHeads', 'kv_heads']] as const),
  ...([['headDim', 'head_dim'], ['vocab', 'vocab'], ['experts', 'experts'], ['expertsPerToken', 'experts_per_token']] as const),
  ...([['globalBatch', 'global_batch'], ['seqLen', 'seq_len'], ['microbatches', 'microbatches'], ['optimizer', 'optimizer']] as const),
  ...([['remat', 'remat']] as const),
] as const satisfies readonly (readonly [keyof InferredJob, string])[] // biome-ignore format: a table
