import { z } from 'zod'
import { chipSchema } from './chip-schema.ts'
import { meshSchema } from './mesh.ts'
import { modelSchema } from './model.ts'

export const dtypeSchema = z.enum(['f32', 'bf16', 'int8', 'fp8', 'int4', 'fp4'])
export type Dtype = z.infer<typeof dtypeSchema>

export const frameworkSchema = z.enum(['maxtext', 'pax', 'jax', 'vllm', 'sglang'])
export type Framework = z.infer<typeof frameworkSchema>

/** Frameworks that serve requests as they come, in continuous batches. */
export type Engine = Extract<Framework, 'vllm' | 'sglang'>

export function isEngine(framework: string | null): framework is Engine {
  return framework === 'vllm' || framework === 'sglang'
}

export const phaseSchema = z.enum(['train', 'prefill', 'decode'])
export type Phase = z.infer<typeof phaseSchema>

export const objectiveSchema = z.enum(['throughput', 'latency', 'cost'])
export type Objective = z.infer<typeof objectiveSchema>

export const tuneSchema = z.enum(['mesh', 'remat', 'microbatches', 'batch', 'offload'])
export type Tune = z.infer<typeof tuneSchema>

export const optimizerSchema = z.enum(['adamw', 'adafactor', 'sgd', 'lion', 'none'])

const count = z.int().min(1).max(1e12)
const positive = z.number().positive().max(1e15)

export const experimentIdSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    'an id is letters, digits, ".", "_" and "-", starts with a letter or digit, and has at most 128 characters',
  )

export const runSchema = z.strictObject({
  global_batch: count,
  seq_len: count.max(1e9),
  microbatches: count.optional(),
  pipeline_microbatches: count.optional(),
  activation_dtype: dtypeSchema.optional(),
  matmul_dtype: dtypeSchema.optional(),
  weight_dtype: dtypeSchema.optional(),
  optimizer_dtype: dtypeSchema.optional(),
  gradient_dtype: dtypeSchema.optional(),
  kv_dtype: dtypeSchema.optional(),
  optimizer: optimizerSchema.optional(),
  remat: z.string().min(1).max(100).optional(),
  attention: z.enum(['flash', 'dot_product']).optional(),
  moe: z.enum(['dropping', 'dropless']).optional(),
  capacity_factor: positive.optional(),
  output_len: count.optional(),
  input_len: count.optional(),
  concurrency: count.optional(),
  flags: z.record(z.string().max(200), z.union([z.string().max(2000), z.number(), z.boolean()])).optional(),
})
export type Run = z.infer<typeof runSchema>

export const hardwareSchema = z.strictObject({
  chip: chipSchema,
  topology: z.string().min(1).max(64),
  slices: count.max(100_000).optional(),
})

/** What an engineer writes in `experiment.yaml`. Data, never a command, a path outside its folder, or a host. */
export const experimentSchema = z.strictObject({
  id: experimentIdSchema,
  framework: frameworkSchema.optional(),
  hardware: hardwareSchema,
  phase: phaseSchema,
  model: z.union([z.string().min(1).max(200), modelSchema]),
  run: runSchema,
  mesh: meshSchema.optional(),
  dcn: meshSchema.optional(),
  profile: z.string().min(1).max(1000).optional(),
  measured: z.strictObject({ step_time_ms: positive.optional(), ttft_ms: positive.optional(), tpot_ms: positive.optional() }).optional(),
  objective: objectiveSchema.optional(),
  slo: z
    .strictObject({
      ttft_ms: positive.optional(),
      tpot_ms: positive.optional(),
      ttft_p99_ms: positive.optional(),
      tpot_p99_ms: positive.optional(),
    })
    .optional(),
  tune: z.array(tuneSchema).max(5).optional(),
})
export type Experiment = z.infer<typeof experimentSchema>
