import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { chipSchema, runSchema } from '../../src/contract/experiment.ts'
import { type Mesh, meshSchema } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import type { Workload } from '../../src/planner/workload.ts'

const programsSchema = z.object({
  programs: z.array(
    z.strictObject({
      id: z.string(),
      model: z.string(),
      topology: z.string(),
      slices: z.int().optional(),
      run: runSchema,
      mesh: meshSchema,
      dcn: meshSchema.optional(),
    }),
  ),
})

export interface ProgramCase {
  id: string
  workload: Workload
  mesh: Mesh
  dcn: Mesh
}

/** The experiments of `programs.json`. */
export function programCases(): ProgramCase[] {
  const { programs } = programsSchema.parse(JSON.parse(readFileSync(new URL('./programs.json', import.meta.url), 'utf8')))
  return programs.map(({ id, model, topology, slices, run, mesh, dcn = {} }) => {
    const hardware = { chip: chipSchema.parse(topology.split('-')[0]), topology, slices: slices ?? 1 }
    const experiment = { id, framework: 'maxtext' as const, phase: 'train' as const, hardware, model, run, mesh, dcn }
    return { id, workload: resolveWorkload(experiment, openCatalog(undefined)), mesh, dcn }
  })
}
