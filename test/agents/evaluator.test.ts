import { expect, it } from 'vitest'
import { ownMeasurements } from '../../src/agents/case-match.ts'
import { evaluateCards } from '../../src/agents/evaluator.ts'
import { caseOfAdoption } from '../../src/agents/learning.ts'
import type { Compiler } from '../../src/compiler/compiler.ts'
import { formatMesh, sameMesh } from '../../src/contract/mesh.ts'
import type { CompilerVerdict } from '../../src/contract/verdict.ts'
import { createRunReader } from '../../src/runs/run-reader.ts'
import { llamaExperiment, openTestService, requestFor, signal } from '../runs/service-fixture.ts'

const quiet = { onProgress: () => {}, signal }

it('replaces a refused card by the next of the ranking that is not the mesh that already runs', async () => {
  const { service, deps, close } = await openTestService()
  try {
    await service.diagnose(requestFor(llamaExperiment), quiet)
    const run = await createRunReader(deps).finished('r-1', 'T1')
    const { situation, diagnosis, proposed } = run
    const refused = formatMesh(diagnosis.cards[0]!.mesh)
    const compiled: CompilerVerdict = {
      ...{ status: 'fits', required_gib: 60, available_gib: 95.7, step_time_ms: null, effort: 'fast', program: 'reference' },
      ...{ versions: {}, seconds: 1, message: null },
    }
    const compiler = {
      status: async () => ({ ready: true, detail: '', versions: {} }),
      compile: async (_workload: unknown, candidate: { mesh: object }) => ({
        verdict: { ...compiled, status: formatMesh(candidate.mesh) === refused ? 'oom' : 'fits' },
        ...{ memory: null, study: null, hloPath: null },
      }),
    } as unknown as Compiler
    const others = proposed.plan.ranked.filter((one) => !diagnosis.cards.some((card) => sameMesh(card.mesh, one.mesh)))
    // the baseline stands first in what replacements come from
    const ranked = [situation.baseline!, ...others.filter((one) => !sameMesh(one.mesh, situation.baseline!.mesh))]
    const input = { ...run, cards: diagnosis.cards, ranked, run: 'r-1', tenant: 'T1' }
    const { cards } = await evaluateCards({ ...deps, compiler }, input, async () => {}, signal)
    expect(cards).toHaveLength(3)
    expect(cards.map((card) => formatMesh(card.mesh))).not.toContain(formatMesh(situation.baseline!.mesh))
  } finally {
    await close()
  }
})

it('takes no step that the hardware cannot reach for a measurement, nor another tenant’s', async () => {
  const { service, deps, close } = await openTestService()
  try {
    await service.diagnose(requestFor(llamaExperiment), quiet)
    const { situation, diagnosis } = await createRunReader(deps).finished('r-1', 'T1')
    const { experiment, workload } = situation
    const at = new Date('2026-01-01T00:00:00Z')
    const adopted = caseOfAdoption({ tenant: 'T1', by: 'U1', at, experiment, workload, diagnosis, card: diagnosis.cards[0]! })
    const ran = { ...adopted, status: 'confirmed' as const, result: 'ok' as const, measured_after_ms: 30_000 }
    expect(ownMeasurements(workload, 'T1', [ran])).toHaveLength(1)
    expect(ownMeasurements(workload, 'T1', [{ ...ran, measured_after_ms: 1 }])).toEqual([])
    expect(ownMeasurements(workload, 'T1', [{ ...ran, tenant: 'T2' }])).toEqual([])
  } finally {
    await close()
  }
})
