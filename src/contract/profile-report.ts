import { z } from 'zod'

const orNull = z.number().nullable()

export const bottleneckClasses = ['compute', 'hbm', 'communication', 'host', 'capacity', 'unknown'] as const
export const bottleneckClassSchema = z.enum(bottleneckClasses)
export type BottleneckClass = z.infer<typeof bottleneckClassSchema>

export const kpisSchema = z.strictObject({
  step_time_ms: orNull,
  duty_cycle: orNull,
  mxu_utilization: orNull,
  hbm_bandwidth_utilization: orNull,
  communication_share: orNull,
  exposed_communication_share: orNull,
  roofline_efficiency: orNull,
  peak_hbm_gib: orNull,
  mfu: orNull,
})
export type Kpis = z.infer<typeof kpisSchema>

export const bottleneckSchema = z.strictObject({
  class: bottleneckClassSchema,
  confidence: z.number().min(0).max(1),
  evidence: z.array(z.string()),
  also: z.array(bottleneckClassSchema),
})
export type Bottleneck = z.infer<typeof bottleneckSchema>

export const opSchema = z.strictObject({
  name: z.string(),
  category: z.string(),
  self_ms: z.number(),
  share: z.number(),
  bound_by: z.enum(['compute', 'hbm', 'vmem', 'communication', 'unknown']),
  flops: orNull,
  bytes: orNull,
  source: z.string().nullable(),
})
export type Op = z.infer<typeof opSchema>

export const antiPatternSchema = z.strictObject({
  kind: z.string(),
  ops: z.array(z.string()),
  bytes: orNull,
  share: orNull,
  fix: z.string(),
})
export type AntiPattern = z.infer<typeof antiPatternSchema>

/** Where the time of the steps goes; the parts add up to 1. `kernel`: kernels that state neither FLOPs nor bytes. */
const timeCategories = [
  'matmul', 'attention', 'kernel', 'elementwise', 'copy', 'collective_ici', 'collective_dcn', 'host_copy', 'infeed', 'barrier', 'idle', 'other',
] as const // biome-ignore format: a table

export const profileReportSchema = z.strictObject({
  source: z.string(),
  device: z.strictObject({ type: z.string(), devices: z.int(), hosts: z.int() }),
  kpis: kpisSchema,
  bottleneck: bottleneckSchema,
  top_ops: z.array(opSchema),
  roofline: z.strictObject({
    peak_tflops: orNull,
    peak_hbm_gbps: orNull,
    ridge_flop_per_byte: orNull,
    points: z.array(z.strictObject({ name: z.string(), flop_per_byte: z.number(), tflops: z.number(), share: z.number() })),
  }),
  collectives: z.array(
    z.strictObject({
      kind: z.string(),
      name: z.string(),
      bytes: orNull,
      group_size: z.int().nullable(),
      occupied_share: z.number(),
      exposed_share: z.number(),
    }),
  ),
  steps: z
    .strictObject({
      count: z.int(),
      partial: z.int(),
      median_ms: z.number(),
      min_ms: z.number(),
      max_ms: z.number(),
      slow: z.int(),
    })
    .nullable(),
  outside_steps_ms: orNull,
  categories: z.array(z.strictObject({ name: z.enum(timeCategories), self_ms: z.number(), share: z.number() })),
  hosts: z.array(
    z.strictObject({
      host: z.string(),
      devices: z.int(),
      step_time_ms: orNull,
      idle_share: orNull,
      collective_wait_share: orNull,
      input_wait_share: orNull,
    }),
  ),
  anti_patterns: z.array(antiPatternSchema),
  skew: z.array(z.strictObject({ device: z.string(), slowdown: z.number() })),
  notes: z.array(z.string()),
})
export type ProfileReport = z.infer<typeof profileReportSchema>
