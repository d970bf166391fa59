import { z } from 'zod'
import { antiPatternSchema, bottleneckClassSchema, bottleneckSchema, kpisSchema, opSchema } from './profile-report.ts'
import { nearestSchema, verdictSchema } from './verdict.ts'

export const evidenceSchema = z.strictObject({
  kind: z.enum(['case', 'doc']),
  /** Whether it speaks for the card or against it. */
  stance: z.enum(['for', 'against']),
  /** Whether it changed the order in which the card stands. */
  moved: z.boolean(),
  id: z.string(),
  title: z.string(),
  uri: z.string(),
  score: z.number(),
})
export type Evidence = z.infer<typeof evidenceSchema>

export const cardSchema = verdictSchema.extend({
  rank: z.literal([1, 2, 3]),
  predicted_speedup: z.number().nullable(),
  rationale: z.string(),
  evidence: z.array(evidenceSchema),
  /** What put the card where it stands. */
  chosen_by: z.enum(['planner', 'cases', 'agent']),
  snippets: z.strictObject({
    maxtext: z.string().optional(),
    pax: z.string().optional(),
    jax: z.string().optional(),
    vllm: z.string().optional(),
    sglang: z.string().optional(),
  }),
})
export type Card = z.infer<typeof cardSchema>

/** A setting beside the mesh that is worth a look, with what it gains where that can be computed. */
export const suggestionSchema = z.strictObject({
  kind: z.enum(['flag', 'remat', 'offload', 'microbatches', 'sharding_rule', 'kernel', 'layout']),
  what: z.string(),
  why: z.string(),
  settings: z.record(z.string(), z.string()),
  gain: z.strictObject({ ratio: z.number(), low: z.number(), high: z.number() }).nullable(),
  by: z.enum(['planner', 'compiler', 'anti_pattern', 'case', 'doc', 'agent']),
})
export type Suggestion = z.infer<typeof suggestionSchema>

export const diagnosisSchema = z.strictObject({
  run: z.string(),
  experiment: z.string().nullable(),
  bottleneck: bottleneckSchema,
  kpis: kpisSchema,
  top_ops: z.array(opSchema),
  anti_patterns: z.array(antiPatternSchema),
  baseline: verdictSchema.nullable(),
  cards: z.array(cardSchema).max(3),
  suggestions: z.array(suggestionSchema),
  second_reading: z.strictObject({ class: bottleneckClassSchema, evidence: z.array(z.string()) }).nullable(),
  /** With no cards that are clear of the limit. */
  nearest: nearestSchema.nullable(),
  /** Where no mesh meets the `slo`, the first says so, with what comes nearest. */
  notes: z.array(z.string()),
  reasoning: z.enum(['gemini', 'rules']),
  timings_ms: z.record(z.string(), z.number()),
  cost_usd: z.number().nullable(),
})
export type Diagnosis = z.infer<typeof diagnosisSchema>

const beforeAfter = z.strictObject({ name: z.string(), before_ms: z.number(), after_ms: z.number() })

export const comparisonSchema = z.strictObject({
  before: z.string(),
  after: z.string(),
  step_time_ratio: z.number().nullable(),
  parts: z.array(beforeAfter),
  ops: z.array(beforeAfter),
  memory_gib: z.strictObject({ before: z.number().nullable(), after: z.number().nullable() }),
  notes: z.array(z.string()),
})
export type Comparison = z.infer<typeof comparisonSchema>
