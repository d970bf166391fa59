import { type InferredJob, likely, sure } from './inferred.ts'
import type { Weight } from './weight-roles.ts'

/** Norms within attention, which may be as wide as the stream. */
const innerNorm = /^(q|k|v|kv|query|key|value)_?(a_)?(norm|layernorm)/
/** Layers of a pattern that lie side by side under names of their own. */
const partOfPattern = /_(local|global)$/

/**
 * How many layers there are, and how many of them are dense in a model with experts. Each layer has one norm of each name,
 * stacked or not: the layers of one name add up over every group of a pattern, stage of a pipeline and remainder.
 */
export function countLayers(weights: readonly Weight[], embed: number): Pick<InferredJob, 'layers' | 'denseLayers'> {
  const counts = new Map<string, { all: number; dense: number }>()
  const withExperts = new Set(weights.filter(({ routed }) => routed).map(({ group }) => group))
  for (const { name, group, stacked } of layerNorms(weights, embed)) {
    const count = counts.get(name) ?? { all: 0, dense: 0 }
    counts.set(name, { all: count.all + stacked, dense: count.dense + (withExperts.has(group) ? 0 : stacked) })
  }
  const [most, ...others] = [...counts].sort(([, a], [, b]) => b.all - a.all)
  if (most === undefined) return { layers: null, denseLayers: null }
  const [name, { all, dense }] = most
  const agree = others.every(([, other]) => other.all === all)
  return {
    layers: (agree ? sure : likely)(all, `the norms ${name}`),
    denseLayers: withExperts.size === 0 ? null : (agree ? sure : likely)(dense, 'layers without experts'),
  }
}

/** How many layers lie stacked in one weight: so often a loop over them runs, or a stage's share of it. */
export function stackSizes(weights: readonly Weight[], embed: number): Set<number> {
  return new Set(layerNorms(weights, embed).flatMap(({ stacked }) => (stacked > 1 ? [stacked] : [])))
}

function layerNorms(weights: readonly Weight[], embed: number): { name: string; group: string; stacked: number }[] {
  return weights.flatMap(({ role, group, path, dims }) => {
    const name = nameOf(path)
    if (role !== 'norm' || group === '' || innerNorm.test(name) || !dims.includes(embed)) return []
    return [{ name, group, stacked: dims.reduce((product, size) => product * size, 1) / embed }]
  })
}

function nameOf(path: readonly string[]): string {
  const own = path.filter((part) => !/^(scale|weight|kernel|bias|value|\d+)$/.test(part))
  return (own.at(-1) ?? '').replace(partOfPattern, '')
}
