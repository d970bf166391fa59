import type { CollectiveKind } from './collective.ts'
import { collectivesOf } from './collectives.ts'
import type { NamedAxis } from './mesh-axes.ts'
import type { HloModule } from './types.ts'

/** What one kind of collective moves over the same axes in a step. */
export interface AxisTraffic {
  kind: CollectiveKind
  /** Mesh axes that the groups span, `dcn` between slices; null where the groups are no part of the mesh. */
  axes: string[] | null
  /** One device's payload in a step, all executions together. */
  bytes: number
  /** The part of `bytes` beside which the core works. */
  overlappedBytes: number
  /** Executions in a step; those inside a loop whose count depends on data count once. */
  executions: number
}

/** The collectives of a module by kind and axes, the most bytes first. `mesh` holds the axes of one slice in mesh order. */
export function trafficByAxis(module: HloModule, mesh: readonly NamedAxis[]): AxisTraffic[] {
  const found = new Map<string, AxisTraffic>()
  for (const { kind, axes, bytes, times, overlapped } of collectivesOf(module, mesh)) {
    const key = `${kind} ${axes?.join() ?? ''}`
    const traffic = found.get(key) ?? { kind, axes, bytes: 0, overlappedBytes: 0, executions: 0 }
    const executions = times ?? 1
    traffic.bytes += bytes * executions
    traffic.executions += executions
    if (overlapped) traffic.overlappedBytes += bytes * executions
    found.set(key, traffic)
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes)
}
