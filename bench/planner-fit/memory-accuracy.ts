import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { physicalPlacement } from '../../src/interconnect/physical-mesh.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { createFigures } from '../../src/planner/figures.ts'
import { gib } from '../../src/planner/footprint/memory-parts.ts'
import { type CompiledCase, maxtextCases, referenceCases } from '../../test/support/measured/compiled-cases.ts'
import { groupBy, median, percent, quantile } from '../../test/support/measured/statistics.ts'

interface Judged {
  compiled: CompiledCase
  predictedGib: number
  availableGib: number
  /** The planner's word on fit is the compiler's. */
  agrees: boolean
  error: number
}

/** What the compiler says of each case, and what the planner predicts for it. */
function judged(): Judged[] {
  return [...referenceCases(), ...maxtextCases()].map((compiled) => {
    const { workload } = compiled
    const ici = toTuple(workload.mesh!)
    const { memory, margin } = createFigures(workload, costModel)(ici, toTuple(workload.dcn), physicalPlacement(ici, workload.slice))
    const predictedGib = memory.required / gib
    return {
      compiled,
      predictedGib,
      availableGib: workload.chip.hbm_available_gib_per_device,
      agrees: margin >= 0 === (compiled.status === 'fits'),
      error: predictedGib / compiled.requiredGib - 1,
    }
  })
}

/** The table of memory against the real compiler, as Markdown lines. */
export function memoryReport(): string[] {
  const cases = judged()
  const lines = ['## Memory against the real TPU compiler at full effort', '']
  lines.push(
    "Required is the compiler's peak memory of a device. Where a program does not fit, the compiler stops after trying to save memory, so its figure is not the peak that the program would have had.",
    '',
  )
  lines.push('| Cases | N | fit or out of memory agrees | median error | 90th percentile | bias |', '|---|---|---|---|---|---|')
  const row = (name: string, group: readonly Judged[]): void => {
    if (group.length === 0) return
    const errors = group.map(({ error }) => Math.abs(error))
    const agreeing = group.filter(({ agrees }) => agrees).length
    lines.push(
      `| ${name} | ${group.length} | ${agreeing} (${percent(agreeing / group.length, 0)}) | ${percent(median(errors))} | ${percent(quantile(errors, 0.9))} | ${percent(median(group.map(({ error }) => error)))} |`,
    )
  }
  row('all', cases)
  row(
    'those that fit',
    cases.filter(({ compiled }) => compiled.status === 'fits'),
  )
  row(
    'out of memory',
    cases.filter(({ compiled }) => compiled.status === 'oom'),
  )
  row(
    'within 15% of the limit',
    cases.filter(({ compiled, availableGib }) => Math.abs(compiled.requiredGib / availableGib - 1) < 0.15),
  )
  for (const key of ['source', 'phase', 'chip', 'kind', 'model'] as const)
    for (const [name, group] of groupBy(cases, (one) => labelOf(one, key))) row(name, group)
  lines.push('', '| Case | compiler | required GiB | predicted GiB | of | error | agrees |', '|---|---|---|---|---|---|---|')
  for (const { compiled, predictedGib, availableGib, error, agrees } of cases)
    lines.push(
      `| ${compiled.id} | ${compiled.status} | ${compiled.requiredGib.toFixed(2)} | ${predictedGib.toFixed(2)} | ${availableGib} | ${percent(error)} | ${agrees ? 'yes' : 'no'} |`,
    )
  return lines
}

function labelOf({ compiled }: Judged, key: 'source' | 'phase' | 'chip' | 'kind' | 'model'): string {
  const { workload, source } = compiled
  if (key === 'source') return source === 'reference' ? 'reference program' : 'MaxText, as recorded'
  if (key === 'phase') return `phase ${workload.phase}`
  if (key === 'chip') return `chip ${workload.slice.chip}`
  if (key === 'kind') return workload.model.moeLayers > 0 ? `mixtures of experts, ${workload.run.moe}` : 'dense models'
  return `model ${workload.model.name}`
}
