import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { compileRequest } from '../compiler/compile-request.ts'
import { meshSchema } from '../contract/mesh.ts'
import type { Placed } from '../contract/placed.ts'
import type { Workload } from '../planner/workload.ts'
import type { KnownVerdict } from './known-maxtext.ts'
import { readJsonLines } from './read-json-lines.ts'

const number = z.number().nullish()
const rowSchema = z.object({
  id: z.string(),
  request: z.object({
    target: z.object({ platform_topology: z.string(), num_slices: z.int() }),
    model: z.record(z.string(), z.unknown()),
    phase: z.string(),
    run: z.record(z.string(), z.unknown()),
    mesh: meshSchema,
    dcn: meshSchema,
  }),
  response: z.object({
    status: z.string(),
    effort: z.string().nullish(),
    required_gib: number,
    available_gib: number,
    message: z.string().nullish(),
    versions: z.record(z.string(), z.string()).default({}),
    seconds: z.object({ lower: number, compile: number }).nullish(),
    hlo_path: z.string().nullish(),
  }),
})
type Row = z.infer<typeof rowSchema>

/** What `npm run bench:compiler` recorded of a job: every mesh with its verdict, and its module where it was kept. */
export function knownReference(recorded: string, modules: string): (workload: Workload) => (Placed & KnownVerdict)[] {
  const rows = readJsonLines(recorded, rowSchema, 'npm run bench:compiler')
  return (workload) =>
    rows.flatMap((row) => {
      const { request, response } = row
      if (response.effort !== 'full' || !isJob(row, workload)) return []
      const module = response.hlo_path ? join(modules, response.hlo_path) : null
      const fits = response.status === 'fits'
      if (!fits && response.status !== 'oom') return []
      return {
        mesh: request.mesh,
        dcn: request.dcn,
        answer: {
          versions: response.versions,
          status: fits ? ('fits' as const) : ('oom' as const),
          required_gib: response.required_gib ?? null,
          available_gib: response.available_gib ?? null,
          message: response.message ?? null,
          seconds: Math.round((response.seconds?.lower ?? 0) + (response.seconds?.compile ?? 0)),
        },
        module: fits && module !== null && existsSync(module) ? module : null,
      }
    })
}

/** Whether a recorded request is of this job: everything that it says is what would be asked now. */
function isJob({ request }: Row, workload: Workload): boolean {
  const candidate = { mesh: request.mesh, dcn: request.dcn, changes: {}, physical: 'contiguous' as const }
  const now = compileRequest(workload, candidate, { effort: 'full', hloPath: null })
  return (
    now.phase === request.phase &&
    now.target.platform_topology === request.target.platform_topology.replace(/^v5:/, 'v5p:') &&
    now.target.num_slices === request.target.num_slices &&
    agrees(request.model, now.model) &&
    agrees(decides(request), now.run)
  )
}

const trainingOnly: ReadonlySet<string> = new Set(['remat', 'optimizer', 'optimizer_dtype', 'gradient_dtype'])
const expertsOnly: ReadonlySet<string> = new Set(['moe', 'capacity_factor'])

/** The part of a run that its program depends on. */
function decides({ phase, run, model }: Row['request']): Record<string, unknown> {
  const idle = (name: string) => (phase !== 'train' && trainingOnly.has(name)) || (model['experts'] == null && expertsOnly.has(name))
  return Object.fromEntries(Object.entries(run).filter(([name]) => !idle(name)))
}

function agrees(said: Record<string, unknown>, now: object): boolean {
  const values = now as Record<string, unknown>
  return Object.entries(said).every(([name, value]) => value == null || values[name] === undefined || values[name] === value)
}
