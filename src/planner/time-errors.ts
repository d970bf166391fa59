import { z } from 'zod'
import json from '../../knowledge/time-errors.json' with { type: 'json' }
import { isEngine } from '../contract/experiment.ts'
import type { Workload } from './workload.ts'

const kinds = ['dense', 'dropping', 'dropless', 'quantized', 'prefill', 'decode', 'looped', 'served'] as const
/** Jobs whose steps are predicted about equally well. */
export type TimeKind = (typeof kinds)[number]

const errorSchema = z.strictObject({
  /** Measured rows behind it, and where they ran; 0 where nothing was measured. */
  rows: z.int(),
  chips: z.array(z.string()),
  /** The 90% range of measured over predicted, of rows whose model the constants had not seen. */
  low: z.number().positive(),
  high: z.number().positive(),
})
const { errors } = z.object({ errors: z.record(z.enum(kinds), errorSchema) }).parse(json)

export function timeKindOf({ phase, run, model, framework }: Pick<Workload, 'phase' | 'run' | 'model' | 'framework'>): TimeKind {
  if (phase === 'decode' && isEngine(framework)) return 'served'
  if (phase === 'decode' && framework === 'maxtext') return 'looped'
  if (phase !== 'train') return phase
  if (run.matmul_dtype !== run.activation_dtype) return 'quantized'
  return model.moeLayers > 0 ? run.moe : 'dense'
}

/** The 90% range of what a step takes, as factors of the predicted one. */
export function timeRange(kind: TimeKind): { low: number; high: number } {
  const { low, high } = errors[kind]
  return { low, high }
}

const names: Readonly<Record<TimeKind, string>> = {
  dense: 'dense training',
  dropping: 'training with dropping experts',
  dropless: 'training with dropless experts',
  quantized: 'low-precision training',
  prefill: 'prefill',
  decode: 'decoding',
  looped: "decoding by JetStream (1 with MaxText's engine, the rest with a PyTorch one of the same kind)",
  served: 'decoding by a serving engine',
}

/** What measured rows stand behind estimates of a kind, in words; null when nothing measured does. */
export function validatedBy(kind: TimeKind): string | null {
  const { rows, chips } = errors[kind]
  return rows > 0 ? `${rows} measured runs of ${names[kind]}, ${chips.join(' ')}` : null
}
