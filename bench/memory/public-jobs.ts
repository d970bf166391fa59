import { existsSync } from 'node:fs'
import type { Mesh } from '../../src/contract/mesh.ts'
import type { Memory } from '../../src/contract/verdict.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { readRows, workloadOf } from '../../test/support/measured/measured-rows.ts'
import { notADecoder } from '../../test/support/measured/time-rows.ts'
import { leftOutRows, publicCases } from './public-cases.ts'

/** A job that somebody ran in public, and what the planner says of it. */
export interface PublicJob {
  id: string
  ran: boolean
  workload: Workload
  mesh: Mesh
  /** Null where the mesh is called illegal, for `illegal`. */
  memory: Memory | null
  illegal: string | null
}

/**
 * Every public training job with a mesh and enough settings to be judged: the shipped cases as they stand, and the rows of the
 * tables of measurements that are no cases.
 */
export function publicJobs(): PublicJob[] {
  const catalog = openCatalog()
  const cases = publicCases()
  const told = new Set([...cases.map(({ id }) => id), ...[...leftOutRows()].map((id) => `public-${id}`)])
  const fromCases = cases
    .filter(({ experiment }) => experiment.phase === 'train' && !notADecoder.has(String(experiment.model)))
    .flatMap(({ id, result, experiment, mesh, dcn }) =>
      judged({ id, ran: result === 'ok' }, () => resolveWorkload(experiment, catalog), mesh, dcn),
    )
  const rows = existsSync('../shared/data/measured2.tsv') ? readRows() : []
  const fromRows = rows.flatMap((row) => {
    if (row.phase !== 'train' || told.has(`public-${row.id}`) || /^(assumed|not_scorable)/.test(row.comparability ?? '')) return []
    const workload = workloadOf(row)
    return workload?.mesh ? judged({ id: row.id!, ran: row.status === 'ok' }, () => workload, workload.mesh, workload.dcn) : []
  })
  return [...fromCases, ...fromRows]
}

/** Nothing of a job that cannot be resolved, or whose mesh does not fill its slice: a source that says too little. */
function judged(job: { id: string; ran: boolean }, resolve: () => Workload, mesh: Mesh, dcn: Mesh): PublicJob[] {
  try {
    const workload = resolve()
    const { memory, violations } = verdictOfMesh(workload, mesh, dcn)
    return [{ ...job, workload, mesh, memory, illegal: violations[0]?.message ?? null }]
  } catch {
    return []
  }
}
