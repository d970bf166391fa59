import { z } from 'zod'
import { runSchema } from './experiment.ts'
import { axisSchema, meshSchema } from './mesh.ts'

export const rules = [
  'device_count',
  'physical_mesh',
  'heads_divisible',
  'kv_heads_divisible',
  'mlp_divisible',
  'experts_divisible',
  'layers_divisible',
  'sequence_divisible',
  'batch_divisible',
  'slices',
  'framework',
] as const
export const ruleSchema = z.enum(rules)
export type Rule = z.infer<typeof ruleSchema>

export const violationSchema = z.strictObject({ rule: ruleSchema, axis: axisSchema.nullable(), message: z.string() })
export type Violation = z.infer<typeof violationSchema>

export const warningSchema = z.strictObject({ rule: z.string(), message: z.string() })
export type Warning = z.infer<typeof warningSchema>

/**
 * How the logical mesh lies on the chips: JAX's create_device_mesh takes it as it is, only with allow_split_physical_axes, or not
 * at all.
 */
export const physicalSchema = z.enum(['contiguous', 'split', 'impossible'])
export type Physical = z.infer<typeof physicalSchema>

/** `clear`: probability at least 0.95; `no`: below 0.05; `near`: between, and the compiler can tell. */
export const certaintySchema = z.enum(['clear', 'near', 'no'])
export type Certainty = z.infer<typeof certaintySchema>

/** A device's memory, GiB of 2^30; `required_gib` is comparable with the compiler's peak memory. */
export const memorySchema = z.strictObject({
  /** Probability at least a half; the compiler's word where it has spoken. */
  fits: z.boolean(),
  /** That the program fits, from the model's held-back errors for its kind; 1 or 0 after the compiler's word. */
  probability: z.number().min(0).max(1),
  certainty: certaintySchema,
  margin: z.number(),
  required_gib: z.number(),
  available_gib: z.number(),
  breakdown: z.strictObject({
    parameters: z.number(),
    optimizer: z.number(),
    gradients: z.number(),
    activations: z.number(),
    logits: z.number(),
    kv_cache: z.number(),
    workspace: z.number(),
  }),
})
export type Memory = z.infer<typeof memorySchema>

/** Throughput over the baseline's, its 90% range, and how likely it is above 1. */
export const gainSchema = z.strictObject({ ratio: z.number(), low: z.number(), high: z.number(), probability: z.number().min(0).max(1) })
export type Gain = z.infer<typeof gainSchema>

/** A predicted step; `low_ms` to `high_ms` is a 90% range. */
export const estimateSchema = z.strictObject({
  step_time_ms: z.number(),
  low_ms: z.number(),
  high_ms: z.number(),
  compute_ms: z.number(),
  hbm_ms: z.number(),
  communication_ms: z.number(),
  exposed_communication_ms: z.number(),
  host_ms: z.number(),
  mfu: z.number().nullable(),
  tokens_per_second_per_chip: z.number(),
  usd_per_1000_steps: z.number(),
  usd_per_million_tokens: z.number(),
  ttft_ms: z.number().nullable(),
  tpot_ms: z.number().nullable(),
  ttft_p99_ms: z.number().nullable(),
  tpot_p99_ms: z.number().nullable(),
  /**
   * null without a legal baseline; 1 for the baseline itself. What two meshes of one job share cancels, so it is narrower than
   * the step's range.
   */
  gain: gainSchema.nullable(),
  /** What measured rows stand behind this kind of estimate; null: none do. */
  validated: z.string().nullable(),
})
export type Estimate = z.infer<typeof estimateSchema>

export const effortSchema = z.enum(['fast', 'full'])
export type Effort = z.infer<typeof effortSchema>

export const compilerVerdictSchema = z.strictObject({
  status: z.enum(['fits', 'oom', 'error', 'unknown']),
  required_gib: z.number().nullable(),
  available_gib: z.number().nullable(),
  step_time_ms: z.number().nullable(),
  effort: effortSchema,
  program: z.enum(['reference', 'user']),
  versions: z.record(z.string(), z.string()),
  seconds: z.number(),
  message: z.string().nullable(),
})
export type CompilerVerdict = z.infer<typeof compilerVerdictSchema>

export const verdictSchema = z.strictObject({
  mesh: meshSchema,
  dcn: meshSchema,
  changes: runSchema.partial(),
  legal: z.boolean(),
  violations: z.array(violationSchema),
  warnings: z.array(warningSchema),
  physical: physicalSchema,
  memory: memorySchema.nullable(),
  estimate: estimateSchema.nullable(),
  compiler: compilerVerdictSchema.nullable(),
})
export type Verdict = z.infer<typeof verdictSchema>

/**
 * What comes nearest where nothing is clear of the limit or meets the latency that is asked, and the smallest change of the run
 * with which it does.
 */
export const nearestSchema = z.strictObject({
  mesh: meshSchema,
  dcn: meshSchema,
  required_gib: z.number(),
  available_gib: z.number(),
  change: runSchema.partial().nullable(),
  /** With that change. */
  verdict: verdictSchema.nullable(),
  /** The next larger slice of the chip, where the job does so as it is; null where it does not there either. */
  larger: z
    .strictObject({ slice: z.string(), mesh: meshSchema, dcn: meshSchema, required_gib: z.number(), step_time_ms: z.number() })
    .nullable(),
})
export type Nearest = z.infer<typeof nearestSchema>

export const planSchema = z.strictObject({
  nearest: nearestSchema.nullable(),
  /** Of a job that was given in one line; empty for a file. */
  assumptions: z.array(z.string()),
  /** The YAML that a one-line job amounts to. */
  experiment_file: z.string().nullable(),
  experiment: z.string(),
  space: z.strictObject({ total: z.int(), legal: z.int(), fitting: z.int() }),
  baseline: verdictSchema.nullable(),
  ranked: z.array(verdictSchema),
  elapsed_ms: z.number(),
})
export type Plan = z.infer<typeof planSchema>
