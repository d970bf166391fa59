import { formatMesh } from '../../contract/mesh.ts'
import type { Size } from '../../contract/size.ts'
import { formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'
import { formatTable } from './table.ts'

type Option = Size['options'][number]
type Column = readonly [header: string, cell: (option: Option) => string]

/** Slices that do not meet the job, as many as are shown: those that miss by least. */
const missesShown = 12

const columns: readonly Column[] = [
  ['slice', sliceOf],
  ['mesh', (option) => [formatMesh(option.mesh), ...(option.slices > 1 ? [`across slices ${formatMesh(option.dcn)}`] : [])].join(', ')],
  ['meets', ({ meets, memory }) => (meets ? 'yes' : memory.fits ? 'no' : 'no memory')],
  ['$/hour', ({ usd_per_hour: usd }) => formatUsd(usd)],
]
const served: readonly Column[] = [
  ['$/million tokens', ({ estimate }) => formatUsd(estimate.usd_per_million_tokens)],
  ['ttft', ({ estimate }) => formatMs(estimate.ttft_ms)],
  ['tpot', ({ estimate }) => formatMs(estimate.tpot_ms)],
  ['tpot p99', ({ estimate }) => formatMs(estimate.tpot_p99_ms)],
]
const trained: readonly Column[] = [
  ['$ in all', ({ usd_total: usd }) => formatUsd(usd)],
  ['days', daysOf],
  ['step', ({ estimate }) => formatMs(estimate.step_time_ms)],
  ['MFU', ({ estimate }) => formatShare(estimate.mfu)],
]
const need: Column = ['GiB of', ({ memory }) => `${formatGibNumber(memory.required_gib)} of ${formatGibNumber(memory.available_gib)}`]

/** The slices that a job can take, for the terminal. */
export function formatSize({ job, assumptions, options }: Size): string {
  const met = options.filter(({ meets }) => meets)
  const shown = options.slice(0, met.length + missesShown)
  const lines = ['assumed:', ...assumptions.map((text) => `  ${text}`), '']
  lines.push(
    met.length > 0 ? `${job}: the cheapest that meets it first` : `No slice that was looked at meets ${job}; what misses by least first`,
    '',
  )
  const isServed = options.some(({ estimate }) => estimate.tpot_ms !== null)
  const all = [...columns, ...(isServed ? served : trained), need]
  const rows = shown.map((option, i) => [String(i + 1), ...all.map(([, cell]) => cell(option))])
  const left = options.length - shown.length
  if (rows.length === 0) return [...lines, 'No slice has a legal mesh.'].join('\n')
  const more = left > 0 ? ['', `${left} more that miss by more: --json has them`] : []
  return [...lines, formatTable(['#', ...all.map(([header]) => header)], rows), ...more].join('\n')
}

function sliceOf({ slice, slices }: Option): string {
  return slices > 1 ? `${slices} × ${slice}` : slice
}

/** Days that are paid for, from the dollars: they hold the goodput. */
function daysOf({ usd_total: total, usd_per_hour: hourly }: Option): string {
  return total === null || hourly === 0 ? '–' : (total / hourly / 24).toPrecision(3)
}
