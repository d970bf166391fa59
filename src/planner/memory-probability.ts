import { z } from 'zod'
import json from '../../knowledge/memory-errors.json' with { type: 'json' }
import type { Certainty } from '../contract/verdict.ts'
import type { Workload } from './workload.ts'

const kinds = ['dense', 'dropping', 'dropless', 'offload', 'pipeline', 'serving', 'other'] as const
/** Programs whose peaks are predicted about equally well. */
export type MemoryKind = (typeof kinds)[number]

const errorSchema = z.strictObject({ programs: z.int(), bias: z.number(), scale: z.number().positive() })
const { errors, clear, no } = z.object({ errors: z.record(z.enum(kinds), errorSchema), clear: z.number(), no: z.number() }).parse(json)

/** The probability to fit from which a mesh counts as clear of the limit. */
export const clearProbability = clear

type MemoryJob = Pick<Workload, 'phase' | 'run' | 'model'> & Partial<Pick<Workload, 'framework'>>

/** The kind of program that a job is on a mesh with so many pipeline stages. */
export function memoryKindOf(job: MemoryJob, stages: number): MemoryKind {
  const { phase, run, model, framework = 'maxtext' } = job
  if (phase !== 'train') return 'serving'
  // a program that somebody wrote by hand: what it does about its loss, its types and its kernels is not known
  if (framework !== 'maxtext') return 'other'
  if (stages > 1) return 'pipeline'
  if (/offload/.test(run.remat) || Object.entries(run.flags).some(([name, value]) => value === 'offload' || isHostOffload(name, value)))
    return 'offload'
  return model.moeLayers > 0 ? run.moe : 'dense'
}

function isHostOffload(name: string, value: string): boolean {
  return /_host_offload$/.test(name) && value.toLowerCase() === 'true'
}

/**
 * The probability that a program fits of which the model predicts the share `1 − margin` of what is available: the share of the
 * errors of its kind (ln predicted ÷ needed, of programs whose model the constants had not seen: `npm run bench:memory`) that
 * leave it room. The errors' tails are heavier than a normal distribution's: Student's t with four degrees of freedom.
 */
export function fitProbability(margin: number, kind: MemoryKind): number {
  if (margin >= 1) return 1
  const { bias, scale } = errors[kind]
  return 1 - studentCdf((Math.log(1 - margin) - bias) / scale)
}

export function certaintyOf(probability: number): Certainty {
  return probability >= clear ? 'clear' : probability < no ? 'no' : 'near'
}

/** The probability and the certainty of a candidate whose peak leaves `margin` of the memory. */
export function memoryCertainty(
  job: Pick<Workload, 'phase' | 'run' | 'model'>,
  margin: number,
  stages: number,
): { probability: number; certainty: Certainty } {
  const probability = fitProbability(margin, memoryKindOf(job, stages))
  return { probability, certainty: certaintyOf(probability) }
}

/** Of Student's t with four degrees of freedom (Abramowitz & Stegun, 26.7.4). */
function studentCdf(t: number): number {
  const s = t / Math.sqrt(4 + t * t)
  return 0.5 + s * (1 - (s * s) / 3) * 0.75
}
