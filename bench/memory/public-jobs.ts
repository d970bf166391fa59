import { existsSync } from 'node:fs'
import { z } from 'zod'
import { runSchema } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import type { Memory } from '../../src/contract/verdict.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import type { Workload } from '../../src/planner/workload.ts'
import { readRows, workloadOf } from '../planner-fit/measured-rows.ts'
import { publicCases } from './public-cases.ts'
import json from './public-settings.json' with { type: 'json' }

const { settings, left_out } = z
  .object({
    settings: z.array(z.object({ match: z.record(z.string(), z.string()), run: runSchema.partial() })),
    left_out: z.record(z.string(), z.string()),
  })
  .parse(json)
const leftOut = Object.keys(left_out)

/** A job that somebody ran in public, and what the planner says of its memory. */
export interface PublicJob {
  id: string
  ran: boolean
  workload: Workload
  memory: Memory
}

/**
 * Every public training job with a mesh and enough settings to judge its memory: the rows of the table of measurements with what their recipes
 * state, and the shipped cases that are in no row.
 */
export function publicJobs(): PublicJob[] {
  const catalog = openCatalog(undefined)
  const rows = existsSync('../shared/data/measured.tsv') ? readRows().filter(({ phase }) => phase === 'train') : []
  const table = rows.flatMap((row) => {
    const workload = workloadOf(row)
    if (!workload?.mesh) return []
    // programs written by hand in JAX or torchax, which are not MaxText's
    const framework = /\/(?:jax|torchax)\//.test(row.source ?? '') ? 'jax' : workload.framework
    const stated = settings.find(({ match }) => Object.entries(match).every(([key, value]) => row[key] === value))
    const run = { ...workload.run, ...stated?.run } as Workload['run']
    return judged({ id: row.id!, ran: row.status === 'ok' }, () => ({ ...workload, framework, run }), workload.mesh, workload.dcn)
  })
  const seen = new Set(table.map(({ id }) => id))
  const cases = publicCases()
    .filter(({ id, experiment }) => experiment.phase === 'train' && !seen.has(/^public-(gt\d+)/.exec(id)?.[1] ?? ''))
    .flatMap(({ id, result, experiment, mesh, dcn }) =>
      judged({ id, ran: result === 'ok' }, () => resolveWorkload(experiment, catalog), mesh, dcn),
    )
  return [...table, ...cases].filter(({ id }) => !leftOut.some((row) => id.includes(row)))
}

/** Nothing of a job that cannot be resolved, or whose mesh does not fill its slice: a source that says too little. */
function judged(job: { id: string; ran: boolean }, resolve: () => Workload, mesh: Mesh, dcn: Mesh): PublicJob[] {
  try {
    const workload = resolve()
    const { memory } = verdictOfMesh(workload, mesh, dcn)
    return memory === null ? [] : [{ ...job, workload, memory }]
  } catch {
    return []
  }
}
