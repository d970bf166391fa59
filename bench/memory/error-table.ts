import type { MemoryKind } from '../../src/planner/memory-probability.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'

export interface KindErrors {
  programs: number
  /** Median of ln predicted ÷ needed. */
  bias: number
  /** Scale of a Student's t with four degrees of freedom about the bias. */
  scale: number
}

/** As if so many programs of every kind had been seen with the errors of all: a kind with few programs keeps near the whole. */
const priorPrograms = 8

/**
 * The table of errors by kind, from errors that were held back. The bias of a kind is shrunk to 0 and its scale to that of all
 * programs; the scale is the most likely one for a t distribution, by the usual iteration (Lange, Little & Taylor 1989).
 */
export function errorTable(errors: readonly { kind: MemoryKind; log: number }[]): Map<MemoryKind, KindErrors> {
  const all = scaleOf(
    errors.map(({ log }) => log),
    0,
    0,
    0,
  )
  const table = new Map<MemoryKind, KindErrors>()
  for (const [kind, group] of groupBy(errors, (one) => one.kind)) {
    const logs = group.map(({ log }) => log)
    const mean = logs.reduce((sum, log) => sum + Math.max(-0.1, Math.min(0.1, log)), 0) / (logs.length + priorPrograms)
    table.set(kind as MemoryKind, { programs: logs.length, bias: mean, scale: scaleOf(logs, mean, priorPrograms, all) })
  }
  return table
}

function scaleOf(logs: readonly number[], bias: number, prior: number, priorScale: number): number {
  let variance = 0.0025
  for (let round = 0; round < 100; round++) {
    let sum = prior * priorScale ** 2
    for (const log of logs) {
      const square = (log - bias) ** 2
      sum += (5 * square) / (4 + square / variance)
    }
    variance = sum / (logs.length + prior)
  }
  return Math.sqrt(variance)
}
