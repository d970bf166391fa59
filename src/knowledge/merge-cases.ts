import type { Case } from '../contract/case.ts'
import { compactMesh } from '../contract/mesh.ts'
import { hashOf } from './case-entry.ts'

/** What makes two cases the same change of the same workload, whoever wrote them down. */
export function identityOf(item: Case): string {
  const { chip, topology, slices, model, phase, run } = item.workload
  const settings = Object.entries(run).sort(([a], [b]) => (a < b ? -1 : 1))
  const meshes = [item.from, item.to, item.dcn].map((mesh) => mesh && compactMesh(mesh))
  return hashOf([chip, topology, slices, model, phase, settings, meshes])
}

/** How much a status knows: a measurement stands above an adoption, that above a publication. */
const weight: Record<Case['status'], number> = { withdrawn: 0, published: 1, adopted: 2, confirmed: 3, refuted: 3 }

/**
 * Two records of one case as one: the fresh one's words, the measurement of whichever has one (the later of two), every source
 * once.
 */
export function mergeCases(known: Case, fresh: Case): Case {
  const sources = [...known.sources]
  for (const source of fresh.sources) if (!sources.some((one) => one.uri === source.uri)) sources.push(source)
  const freshMeasured = fresh.measured_after_ms !== null
  const measured = freshMeasured ? fresh : known
  return {
    ...fresh,
    id: known.id,
    tenant: known.tenant,
    result: fresh.result ?? known.result,
    predicted_step_ms: fresh.predicted_step_ms ?? known.predicted_step_ms,
    measured_before_ms: fresh.measured_before_ms ?? known.measured_before_ms,
    measured_after_ms: measured.measured_after_ms,
    status: !freshMeasured && known.measured_after_ms !== null && weight[known.status] > weight[fresh.status] ? known.status : fresh.status,
    sources: sources.slice(-50),
  }
}
