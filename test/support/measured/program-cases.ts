import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { chipSchema } from '../../../src/contract/chip-schema.ts'
import { experimentSchema, runSchema } from '../../../src/contract/experiment.ts'
import { type Mesh, meshSchema } from '../../../src/contract/mesh.ts'
import { resolveWorkload } from '../../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../../src/knowledge/data/catalog.ts'
import type { Workload } from '../../../src/planner/workload.ts'

/** A training job that MaxText compiled or is to compile, as an experiment on a slice by name. */
export const programSchema = z.strictObject({
  id: z.string(),
  kind: z.string().optional(),
  /** A name from knowledge/models.json, or dims as in an experiment. */
  model: experimentSchema.shape.model,
  topology: z.string(),
  slices: z.int().optional(),
  run: runSchema,
  mesh: meshSchema,
  dcn: meshSchema.optional(),
})
export type Program = z.infer<typeof programSchema>

export interface ProgramCase {
  id: string
  workload: Workload
  mesh: Mesh
  dcn: Mesh
}

/** The programs of a file beside this one. */
export function readPrograms(file: string): Program[] {
  const { programs } = z
    .object({ programs: z.array(programSchema) })
    .parse(JSON.parse(readFileSync(new URL(`../../../bench/maxtext/${file}`, import.meta.url), 'utf8')))
  return programs
}

export function programCase({ id, model, topology, slices, run, mesh, dcn = {} }: Program): ProgramCase {
  const hardware = { chip: chipSchema.parse(topology.split('-')[0]), topology, slices: slices ?? 1 }
  const experiment = { id, framework: 'maxtext' as const, phase: 'train' as const, hardware, model, run, mesh, dcn }
  return { id, workload: resolveWorkload(experiment, openCatalog()), mesh, dcn }
}

/** The experiments of `programs.json`. */
export function programCases(): ProgramCase[] {
  return readPrograms('programs.json').map(programCase)
}
