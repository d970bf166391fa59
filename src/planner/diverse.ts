import { axes, axisSize } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'

/** Doublings between two meshes below which they are variants of one idea. */
const sameIdea = 2
/** A second or third idea may cost this much more than the best before variants of a better one are preferred. */
const worthShowing = 1.6

/**
 * Picks the verdicts for the cards from a ranking: the first, then the next ones that are another idea: another set of axes, other
 * settings, or sizes that differ by two doublings. Where too few are worth showing, the best of the rest fill up.
 * Only legal verdicts that fit are picked, so there may be fewer than `count`.
 */
export function chooseDiverse(ranked: readonly Verdict[], count = 3): Verdict[] {
  const feasible = ranked.filter((verdict) => verdict.legal && verdict.estimate && fits(verdict))
  const best = feasible[0]
  if (!best) return []
  const chosen: Verdict[] = []
  for (const verdict of feasible) {
    if (chosen.length === count) break
    if (cost(verdict) > worthShowing * cost(best)) continue
    if (chosen.every((other) => distance(verdict, other) >= sameIdea)) chosen.push(verdict)
  }
  for (const verdict of feasible) {
    if (chosen.length === count) break
    if (!chosen.includes(verdict)) chosen.push(verdict)
  }
  return chosen.sort((a, b) => feasible.indexOf(a) - feasible.indexOf(b))
}

/** How far two candidates are apart: doublings of the axes that one has more of, and one idea for each setting that differs. */
export function distance(a: Verdict, b: Verdict): number {
  let doublings = 0
  let newAxes = 0
  for (const axis of axes) {
    const x = axisSize(a.mesh, axis) * axisSize(a.dcn, axis)
    const y = axisSize(b.mesh, axis) * axisSize(b.dcn, axis)
    doublings += Math.max(0, Math.log2(x / y))
    if ((x === 1) !== (y === 1)) newAxes++
  }
  const settings = new Set([...Object.keys(a.changes), ...Object.keys(b.changes)])
  let changed = 0
  for (const key of settings) if (JSON.stringify(setting(a, key)) !== JSON.stringify(setting(b, key))) changed++
  return doublings + (newAxes > 0 ? sameIdea : 0) + changed * sameIdea
}

function setting({ changes }: Verdict, key: string): unknown {
  return (changes as Record<string, unknown>)[key]
}

function fits({ compiler, memory }: Verdict): boolean {
  if (compiler?.status === 'fits') return true
  if (compiler?.status === 'oom' || compiler?.status === 'error') return false
  return memory !== null && memory.certainty !== 'no'
}

function cost({ estimate }: Verdict): number {
  return estimate!.usd_per_million_tokens > 0 ? estimate!.usd_per_million_tokens : 1 / estimate!.tokens_per_second_per_chip
}
