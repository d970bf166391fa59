import type { Rates } from './rates.ts'

/** Seconds and bytes that a device spends computing; each operation takes the longer of its arithmetic and its HBM traffic. */
export interface Work {
  busy: number
  arithmetic: number
  hbmBytes: number
}

export function noWork(): Work {
  return { busy: 0, arithmetic: 0, hbmBytes: 0 }
}

/** Products of one shape; `rate` in FLOP/s. */
export interface Matmul {
  rate: number
  m: number
  k: number
  n: number
  times: number
}

/**
 * `times` products of [m, k] by [k, n]. A dimension of the weights that is not a multiple of the systolic array's side is padded
 * to it (the scaling book, TPUs), so a narrow shard of a weight runs below peak.
 */
export function addMatmul(work: Work, rates: Rates, { rate, m, k, n, times }: Matmul): void {
  const arithmetic = (2 * m * padded(k, rates.tile) * padded(n, rates.tile)) / rate
  const bytes = rates.activationBytes * (m * k + m * n) + rates.weightBytes * (k * n)
  addOperation(work, rates, { arithmetic, bytes, times })
}

/** An operation of known arithmetic seconds and HBM bytes. */
export function addOperation(
  work: Work,
  rates: Rates,
  { arithmetic, bytes, times }: { arithmetic: number; bytes: number; times: number },
): void {
  const memory = bytes / rates.hbm
  work.busy += times * Math.max(arithmetic, memory)
  work.arithmetic += times * arithmetic
  work.hbmBytes += times * bytes
}

function padded(size: number, tile: number): number {
  return Math.ceil(size / tile) * tile
}
