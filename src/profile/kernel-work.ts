import type { OpRow } from './op-row.ts'
import { kernelFlopsOfText } from './op-shapes.ts'

/** A kernel's own figure may be of one step of its grid: then the shapes' is a whole multiple of it, up to so many. */
const maxGridSteps = 1 << 16

/**
 * The FLOPs of a custom kernel, all executions: what its name's stats or its events state (its cost estimate), or what follows
 * from its shapes. Where the stated figure is a whole fraction of the shapes' it is one grid step's, and the shapes' stands.
 * Bytes are as stated, unknown when zero.
 */
export function kernelWork(
  row: Pick<OpRow, 'facts' | 'count' | 'flops' | 'bytes' | 'eventFlops' | 'eventBytes'>,
): Partial<Pick<OpRow, 'facts' | 'flops' | 'modelFlops' | 'bytes'>> {
  const { facts, count } = row
  if (count === 0) return {}
  const stated = row.flops > 0 ? row.flops : row.eventFlops
  const ofShapes = (kernelFlopsOfText(facts.name, facts.expression) ?? 0) * count
  const flops = stated > 0 && !isWholeFraction(stated, ofShapes) ? stated : Math.max(stated, ofShapes)
  const bytes = row.bytes > 0 ? row.bytes : row.eventBytes
  return {
    facts: { ...facts, flops: flops > 0 ? flops / count : null, bytes: bytes > 0 ? bytes / count : null },
    flops,
    modelFlops: flops,
    bytes,
  }
}

function isWholeFraction(part: number, whole: number): boolean {
  const times = whole / part
  return times >= 1 && times <= maxGridSteps && Math.abs(times - Math.round(times)) <= 0.01 * times
}
