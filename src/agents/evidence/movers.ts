import type { Evidence } from '../../contract/diagnosis.ts'
import type { Mesh } from '../../contract/mesh.ts'
import type { DocSection, Hit, Library } from '../../knowledge/library.ts'
import type { Workload } from '../../planner/workload.ts'
import { caseEvidence, docEvidence } from '../retrieval.ts'
import { contrastsOf, leanOfContrast } from './contrast.ts'
import { holdingRules, leanOfRule } from './doc-rules.ts'

/** A measured contrast or a document's rule that can move a mesh among those that the planner cannot tell apart. */
export interface Mover {
  evidence: Evidence
  /** What it says of a mesh: negative for it, positive against it, 0 nothing. */
  lean(mesh: Mesh): number
}

/** What of the retrieved cases and of the library's documents can move this job's meshes. */
function moversOf(workload: Workload, cases: readonly Hit<'case'>[], sections: readonly DocSection[]): Mover[] {
  const byId = new Map(cases.map((hit) => [hit.item.id, hit]))
  const contrasts = contrastsOf(cases, ({ id }) => ({ title: id, uri: `case:${id}` })).flatMap((contrast) => {
    const hit = byId.get(contrast.id)
    return hit ? [{ evidence: caseEvidence(hit), lean: (mesh: Mesh) => leanOfContrast(contrast, mesh) }] : []
  })
  const rules = holdingRules(sections, workload).map((holding) => ({
    evidence: docEvidence({ item: holding.section, score: 1, similarity: null, tenant: 'public' } as Hit<'doc'>),
    lean: (mesh: Mesh) => leanOfRule(holding, mesh),
  }))
  return [...contrasts, ...rules]
}

/** The same, with the documents that the tenant may see. */
export async function findMovers(
  library: Library,
  { tenant, workload, cases }: { tenant: string; workload: Workload; cases: readonly Hit<'case'>[] },
): Promise<Mover[]> {
  return moversOf(workload, cases, await library.list({ kind: 'doc', tenant, limit: sectionLimit }))
}

/** More sections than any library has. */
const sectionLimit = 5000

/** Leans are compared in steps of a quarter: less is no argument. */
const step = 0.25

/**
 * What all evidence together says of a mesh, in quarters. Measured contrasts count by their mean, shrunk towards nothing where
 * they are few (n of n + 1) and by themselves where they disagree; the rules of documents are added, a whole one at most.
 */
export function leanOf(movers: readonly Mover[], mesh: Mesh): number {
  const said = movers.map((mover) => ({ kind: mover.evidence.kind, lean: mover.lean(mesh) })).filter(({ lean }) => lean !== 0)
  const measured = said.filter(({ kind }) => kind === 'case')
  const ruled = said.filter(({ kind }) => kind === 'doc').reduce((sum, { lean }) => sum + lean, 0)
  const mean = measured.reduce((sum, { lean }) => sum + lean, 0) / Math.max(1, measured.length)
  const total = mean * (measured.length / (measured.length + 1)) + Math.max(-1, Math.min(1, ruled))
  return Math.round(total / step) * step
}

/** What speaks for or against a mesh, strongest first; `moved` says whether the card stands elsewhere because of it. */
export function citedMovers(movers: readonly Mover[], mesh: Mesh, moved: boolean): Evidence[] {
  return movers
    .map((mover) => ({ evidence: mover.evidence, lean: mover.lean(mesh) }))
    .filter(({ lean }) => lean !== 0)
    .sort((a, b) => Math.abs(b.lean) - Math.abs(a.lean))
    .map(({ evidence, lean }) => ({ ...evidence, stance: lean < 0 ? ('for' as const) : ('against' as const), moved }))
}

/** A card's evidence: at most two that can move it, then what else was found, each once and four in all. */
export function withMovers(cited: readonly Evidence[], found: readonly Evidence[]): Evidence[] {
  const first = cited.slice(0, 2)
  return [...first, ...found.filter(({ id }) => first.every((one) => one.id !== id))].slice(0, 4)
}
