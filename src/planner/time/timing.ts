import type { StepLaw } from '../serving/step-law.ts'

import type { Exposed } from './exposed.ts'

/** One step of one candidate, in seconds. */
export interface Timing {
  step: number
  /** Time in which something computes: the longer of arithmetic and HBM traffic, operation by operation. */
  busy: number
  /** The part of `busy` that reads and writes partial sums of products looped over shards. */
  sums: number
  /** Arithmetic alone, and HBM traffic alone; they overlap. */
  compute: number
  hbm: number
  /** Time that collectives occupy, and the part during which nothing computes. */
  communication: number
  exposed: number
  /** The exposed time by what the collectives move; adds up to `exposed`. */
  exposedBy: Exposed
  /** Waiting for the host. */
  host: number
  /** Busy and exposed time count this often: the bubble of a pipeline, the stages of a serving step. */
  stretch: number
  /** Seconds a step costs beside all that. */
  overhead: number
  /** Of an engine's step: what it costs with other numbers of requests and of prompt tokens. */
  law?: StepLaw
}

/** The step that its parts add up to. */
export function stepOf(parts: Omit<Timing, 'step' | 'law'>): Timing {
  const { busy, sums, compute, hbm, communication, exposed, exposedBy, host, stretch, overhead } = parts
  const step = (busy + exposed) * stretch + host + overhead
  // written out: a spread costs several times as much, and the search makes one for every candidate
  return { step, busy, sums, compute, hbm, communication, exposed, exposedBy, host, stretch, overhead }
}
