import type { ProfileReport } from '../contract/profile-report.ts'
import { PromptsError } from '../errors.ts'
import type { NamedAxis } from '../hlo/mesh-axes.ts'
import type { HloModule } from '../hlo/types.ts'
import { pairName } from './op-kind.ts'
import type { OpTable } from './op-table.ts'
import { publishedChip } from './published-chip.ts'
import type { ProgramGraph } from './xspace/program-graphs.ts'

/** What the programs' compiled graphs add to a profile. */
export interface GraphFindings {
  antiPatterns: ProfileReport['anti_patterns']
  /** Payload and group size of collectives, by program and the name both ends share. */
  collectives: Map<string, { bytes: number; groupSize: number }>
  /** The mesh axes of collectives by the name both ends share, where the mesh is known. */
  axes: Map<string, string>
  notes: string[]
}

/**
 * Reads the graphs that a profile holds. A graph that cannot be read costs its findings and a note, not the report.
 * @param mesh the axes of a slice in mesh order, where an experiment says; without it, what needs it is left out
 */
export async function graphFindings(
  graphs: readonly ProgramGraph[],
  options: { table: OpTable; deviceType: string; mesh: readonly NamedAxis[] | null; maxBytes: number },
): Promise<GraphFindings> {
  const findings: GraphFindings = { antiPatterns: [], collectives: new Map(), axes: new Map(), notes: [] }
  if (graphs.length === 0) return findings
  const [{ readHloProto }, { collectivesOf }, { findAntiPatterns }] = await Promise.all([
    import('../hlo/read-module.ts'),
    import('../hlo/collectives.ts'),
    import('../hlo/anti-patterns/find.ts'),
  ])
  const { table, mesh } = options
  for (const graph of graphs) {
    let module: HloModule
    try {
      module = readHloProto(graph.bytes, { maxBytes: options.maxBytes })
    } catch (error) {
      if (!(error instanceof PromptsError)) throw error
      findings.notes.push(`The graph of ${graph.name} could not be read: ${error.message}`)
      continue
    }
    for (const each of collectivesOf(module, mesh)) {
      findings.collectives.set(`${graph.programId}:${pairName(each.name)}`, { bytes: each.bytes, groupSize: each.groupSize })
      if (each.axes && each.axes.length > 0) findings.axes.set(pairName(each.name), each.axes.join(', '))
    }
    const times = new Map<string, number>()
    for (const row of table.rows) if (row.facts.programId === graph.programId) times.set(row.facts.name.replace(/^%/, ''), row.selfPs / 1e9)
    findings.antiPatterns.push(
      ...findAntiPatterns(module, { mesh, mxuSide: mxuSideOf(options.deviceType), times, totalMs: table.totalPs / 1e9 }),
    )
  }
  findings.antiPatterns.sort((a, b) => (b.share ?? 0) - (a.share ?? 0) || (b.bytes ?? 0) - (a.bytes ?? 0))
  return findings
}

function mxuSideOf(deviceType: string): number | null {
  const chip = publishedChip(deviceType)
  return chip?.mxu_side ?? null
}
