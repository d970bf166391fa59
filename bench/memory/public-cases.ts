import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { type Experiment, experimentSchema } from '../../src/contract/experiment.ts'
import { type Mesh, meshSchema } from '../../src/contract/mesh.ts'

const caseSchema = z.looseObject({
  id: z.string(),
  workload: z.looseObject({
    chip: z.string(),
    topology: z.string(),
    slices: z.number().nullish(),
    model: z.unknown(),
    phase: z.string(),
    run: z.record(z.string(), z.unknown()),
  }),
  conditions: z.record(z.string(), z.string()).nullish(),
  to: meshSchema.nullable(),
  from: meshSchema.nullable(),
  dcn: meshSchema.nullish(),
  result: z.string().nullable(),
})

export interface PublicCase {
  id: string
  result: string
  experiment: Experiment
  mesh: Mesh
  dcn: Mesh
}

const fileSchema = z.looseObject({ cases: z.array(caseSchema), left_out: z.array(z.looseObject({ id: z.string() })) })

function readCases(): z.infer<typeof fileSchema> {
  return fileSchema.parse(JSON.parse(readFileSync('knowledge/cases.json', 'utf8')))
}

/** Rows of the tables of measurements that say too little for a case. */
export function leftOutRows(): ReadonlySet<string> {
  return new Set(readCases().left_out.map(({ id }) => id))
}

/**
 * The shipped cases that ran or ran out of memory on a known mesh, as experiments; what a source does not state has its default.
 */
export function publicCases(): PublicCase[] {
  return readCases().cases.flatMap(({ id, workload, to, from, dcn, result, conditions }) => {
    const mesh = to ?? from
    if (mesh === null || (result !== 'ok' && result !== 'oom')) return []
    const experiment = experimentSchema.safeParse({
      id,
      hardware: { chip: workload.chip, topology: workload.topology, slices: workload.slices ?? 1 },
      phase: workload.phase,
      model: workload.model,
      run: Object.fromEntries(Object.entries(workload.run).filter(([, value]) => value !== null)),
      ...(conditions?.['framework'] ? { framework: conditions['framework'] } : {}),
    })
    return experiment.success ? [{ id, result, experiment: experiment.data, mesh, dcn: dcn ?? {} }] : []
  })
}
