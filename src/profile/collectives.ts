import type { ProfileReport } from '../contract/profile-report.ts'
import type { CoreReading } from './core-reading.ts'
import { pairName } from './op-kind.ts'
import { collectiveFacts } from './op-shapes.ts'

/**
 * Collectives over all cores: how much of the step each is in flight, how much of it nothing else computes. `bytes` is one
 * execution's payload on a device.
 */
export function collectives(
  cores: readonly CoreReading[],
  count: number,
  graphs: ReadonlyMap<string, { bytes: number; groupSize: number }>,
): ProfileReport['collectives'] {
  let windowPs = 0
  const rows = new Map<
    string,
    { kind: string; name: string; bytes: number | null; group_size: number | null; occupied: number; exposed: number }
  >()
  for (const core of cores) {
    if (core.sparse) continue
    windowPs += core.windowPs
    for (const each of core.collectives) {
      const name = pairName(each.facts.name)
      const key = `${each.facts.programId ?? ''}:${name}`
      let row = rows.get(key)
      if (row === undefined) {
        // The compiled graph knows better than the op's text, where the profile holds it.
        const { bytes, groupSize } = graphs.get(key) ?? collectiveFacts(each.facts.expression)
        row = { kind: each.kind, name, bytes, group_size: groupSize, occupied: 0, exposed: 0 }
        rows.set(key, row)
      }
      row.occupied += each.occupiedPs
      row.exposed += each.exposedPs
    }
  }
  if (windowPs === 0) return []
  return [...rows.values()]
    .sort((a, b) => b.exposed - a.exposed || b.occupied - a.occupied)
    .slice(0, count)
    .map(({ occupied, exposed, ...row }) => ({ ...row, occupied_share: occupied / windowPs, exposed_share: exposed / windowPs }))
}
