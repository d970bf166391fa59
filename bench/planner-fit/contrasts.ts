import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { type CostModel, costModel } from '../../src/planner/cost-model.ts'
import { createEvaluator } from '../../src/planner/evaluate.ts'
import { physicalPlacement } from '../../src/planner/physical-mesh.ts'
import { toTuple } from '../../src/planner/placement.ts'
import { type CompiledCase, referenceCases } from './compiled-cases.ts'
import { groupBy } from './statistics.ts'

const replayPath = 'bench/replay/results.json'
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

/** Two meshes of one compiled workload whose replayed steps differ by over 5 %. */
export interface Contrast {
  group: string
  faster: CompiledCase & { replayMs: number }
  slower: CompiledCase & { replayMs: number }
}

const least = 1.05

export function contrasts(): Contrast[] {
  const found: Contrast[] = []
  for (const [group, cases] of groupBy(replayedCases(), ({ group }) => group))
    for (const faster of cases)
      for (const slower of cases) if (slower.replayMs > least * faster.replayMs) found.push({ group, faster, slower })
  return found
}

export function stepSeconds({ workload }: CompiledCase, constants: CostModel = costModel): number {
  const ici = toTuple(workload.mesh!)
  return createEvaluator(workload, constants)(ici, toTuple(workload.dcn), physicalPlacement(ici, workload.slice)).timing.step
}
