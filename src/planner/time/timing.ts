/** One step of one candidate, in seconds. */
export interface Timing {
  step: number
  /** Arithmetic alone, and HBM traffic alone: they overlap, the longer one counts operation by operation. */
  compute: number
  hbm: number
  /** Time that collectives occupy, and the part during which nothing computes. */
  communication: number
  exposed: number
  /** Waiting for the host. */
  host: number
}
