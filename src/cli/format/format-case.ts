import type { Case } from '../../contract/case.ts'
import { formatMesh } from '../../contract/mesh.ts'
import { formatChange, formatMs } from '../../text/units.ts'
import { formatTable } from './table.ts'

/** One case, for the terminal. */
export function formatCase(item: Case): string {
  const { workload } = item
  const model = typeof workload.model === 'string' ? workload.model : (workload.model.name ?? 'own dims')
  const slices = workload.slices > 1 ? ` × ${workload.slices} slices` : ''
  const lines = [
    `${item.id}  ${item.status}${item.by ? ` by ${item.by}` : ''}, ${item.at.slice(0, 10)}`,
    `  ${model}, ${workload.phase}, ${workload.chip} ${workload.topology}${slices}`,
    `  ${item.from ? `${formatMesh(item.from)} → ` : ''}${item.to ? formatMesh(item.to) : 'no mesh'}${item.result ? `, ${item.result}` : ''}, bottleneck ${item.bottleneck}`,
    `  before ${formatMs(item.measured_before_ms)}, predicted ${formatMs(item.predicted_step_ms)}, after ${formatMs(item.measured_after_ms)}${gain(item)}`,
  ]
  for (const source of item.sources) lines.push(`  ${source.title}  ${source.uri}`)
  return lines.join('\n')
}

/** A list of cases. */
export function formatCases(items: readonly Case[]): string {
  const rows = items.map((item) => [
    item.id,
    item.status,
    item.workload.chip,
    typeof item.workload.model === 'string' ? item.workload.model : (item.workload.model.name ?? 'own dims'),
    item.workload.phase,
    item.to ? formatMesh(item.to, ' ') : '–',
    formatMs(item.measured_before_ms),
    formatMs(item.measured_after_ms),
    item.bottleneck,
  ])
  return rows.length > 0
    ? formatTable(['id', 'status', 'chip', 'model', 'phase', 'mesh', 'before', 'after', 'bottleneck'], rows)
    : 'No cases.'
}

function gain(item: Case): string {
  if (item.measured_before_ms === null || item.measured_after_ms === null) return ''
  return ` (${formatChange(item.measured_after_ms / item.measured_before_ms)})`
}
