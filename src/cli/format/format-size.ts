import { formatMesh } from '../../contract/mesh.ts'
import type { Size } from '../../contract/size.ts'
import { formatGibNumber, formatMs, formatUsd } from '../../text/units.ts'
import { formatTable } from './table.ts'

/** The slices that a job can take, for the terminal. */
export function formatSize({ job, assumptions, options }: Size): string {
  const met = options.some(({ meets }) => meets)
  const lines = ['assumed:', ...assumptions.map((text) => `  ${text}`), '']
  lines.push(met ? `${job}: the cheapest that meets it first` : `No slice that was looked at meets ${job}; what misses by least first`, '')
  const header = ['#', 'slice', 'mesh', 'meets', '$/hour', '$ in all', 'step', 'ttft', 'tpot', 'GiB']
  const rows = options.map((option, i) => [
    String(i + 1),
    option.slices > 1 ? `${option.slices} × ${option.slice}` : option.slice,
    [formatMesh(option.mesh), ...(option.slices > 1 ? [`across slices ${formatMesh(option.dcn)}`] : [])].join(', '),
    option.meets ? 'yes' : option.memory.fits ? 'too slow' : 'no memory',
    formatUsd(option.usd_per_hour),
    formatUsd(option.usd_total),
    formatMs(option.estimate.step_time_ms),
    formatMs(option.estimate.ttft_ms),
    formatMs(option.estimate.tpot_ms),
    formatGibNumber(option.memory.required_gib),
  ])
  return [...lines, rows.length > 0 ? formatTable(header, rows) : 'No slice has a legal mesh.'].join('\n')
}
