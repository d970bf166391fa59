import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { benchmarkPaths } from '../../src/benchmark/paths.ts'
import { readRegimes, workloadOf } from '../../src/benchmark/read-regimes.ts'
import { readTruth } from '../../src/benchmark/truth-file.ts'
import { jobOf } from '../../src/benchmark/truth-row.ts'
import { namePlaced } from '../../src/contract/placed.ts'
import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { type CostModel, costModel } from '../../src/planner/cost-model.ts'
import { createFigures } from '../../src/planner/figures.ts'
import { type CompiledCase, referenceCases } from '../../test/support/measured/compiled-cases.ts'
import { groupBy } from '../../test/support/measured/statistics.ts'

const replayPath = 'bench/recorded/replay.json'
const replaySchema = z.object({ cases: z.array(z.object({ id: z.string(), replay: z.object({ step_time_ms: z.number() }).nullable() })) })

/** Compiled cases with the replayed step of their full-effort schedule. */
export function replayedCases(): (CompiledCase & { replayMs: number })[] {
  if (!existsSync(replayPath)) return []
  const steps = new Map(
    replaySchema.parse(JSON.parse(readFileSync(replayPath, 'utf8'))).cases.map(({ id, replay }) => [id, replay?.step_time_ms ?? null]),
  )
  return referenceCases().flatMap((compiled) => {
    const replayMs = steps.get(compiled.id)
    return replayMs ? [{ ...compiled, replayMs }] : []
  })
}

/**
 * The benchmark's regimes that train, compiled and replayed; what the reference cases hold is left to them, whose groups have the
 * names of their regimes.
 */
function recordedCases(): (CompiledCase & { replayMs: number })[] {
  const truth = readTruth(benchmarkPaths.truth)
  return readRegimes(benchmarkPaths.regimes).flatMap((regime) => {
    const job = jobOf(regime)
    const own = truth.filter((row) => row.regime === regime.id && row.job === job && row.role !== 'recorded')
    const rows = own.flatMap((row) => (row.replay && row.required_gib !== null ? [{ row, replay: row.replay }] : []))
    if (rows.length === 0) return []
    const workload = workloadOf(regime)
    if (workload.phase !== 'train') return []
    return rows.map(({ row, replay }) => ({
      id: `${regime.id}.${namePlaced(row)}`,
      group: regime.id.replace(/^reference-/, ''),
      source: regime.program,
      workload: { ...workload, mesh: row.mesh, dcn: row.dcn },
      status: 'fits' as const,
      requiredGib: row.required_gib ?? 0,
      replayMs: replay.step_time_ms,
    }))
  })
}

/** Two meshes of one compiled workload whose replayed steps differ by over 5%. */
export interface Contrast {
  group: string
  faster: CompiledCase & { replayMs: number }
  slower: CompiledCase & { replayMs: number }
}

const least = 1.05

/**
 * A dropless program over an expert axis has buffers for the worst routing, and its replay counts work and transfers on all of
 * them, several times what a step really does (Mixtral-8x7B on 64 chips: 1,549 TFLOP a device with expert=8, 441 without). Its
 * time says little about the mesh.
 */
function countsWorstRouting({ workload }: CompiledCase): boolean {
  return workload.run.moe === 'dropless' && (workload.mesh?.expert ?? 1) * (workload.dcn.expert ?? 1) > 1
}

/** The contrasts whose replays can be compared. */
export function contrasts(): Contrast[] {
  return allContrasts().filter(({ faster, slower }) => !countsWorstRouting(faster) && !countsWorstRouting(slower))
}

/** The contrasts that are left out of fits and figures, see `countsWorstRouting`. */
export function contrastsNotJudged(): Contrast[] {
  return allContrasts().filter(({ faster, slower }) => countsWorstRouting(faster) || countsWorstRouting(slower))
}

function allContrasts(): Contrast[] {
  const found: Contrast[] = []
  for (const [group, cases] of groupBy([...replayedCases(), ...recordedCases()], ({ group }) => group))
    for (const faster of cases)
      for (const slower of cases) if (slower.replayMs > least * faster.replayMs) found.push({ group, faster, slower })
  return found
}

export function stepSeconds({ workload }: CompiledCase, constants: CostModel = costModel): number {
  const ici = toTuple(workload.mesh!)
  return createFigures(workload, constants)(ici, toTuple(workload.dcn), physicalPlacement(ici, workload.slice)).timing.step
}
