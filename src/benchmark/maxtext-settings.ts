import { maxtextFlagsOf } from '../agents/cards.ts'
import type { Placed } from '../contract/placed.ts'
import { verdictOfMesh } from '../planner/verdict-of.ts'
import type { Workload } from '../planner/workload.ts'

/**
 * The product's own words for a job on a mesh, then what else `run.flags` hold, which is MaxText's by name; null where MaxText
 * cannot say it.
 */
export function maxtextSettings(workload: Workload, { mesh, dcn }: Placed): string[] | null {
  const { maxtextFlags } = maxtextFlagsOf({ workload }, verdictOfMesh(workload, mesh, dcn))
  if (maxtextFlags === undefined) return null
  const said = new Set(maxtextFlags.map((word) => word.split('=')[0]))
  const rest = Object.entries(workload.run.flags).flatMap(([name, value]) => (said.has(name) ? [] : [`${name}=${value}`]))
  return [...maxtextFlags, ...rest]
}
