import type { Framework } from '../../contract/experiment.ts'
import type { Plan, Verdict } from '../../contract/verdict.ts'
import { formatMeshIn } from '../../text/axis-names.ts'
import { formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'
import { fitWords, title } from './format-verdict.ts'
import { formatTable } from './table.ts'

/** The ranked space, for the terminal. */
export function formatPlan(plan: Plan, framework: Framework): string {
  const { total, legal, fitting } = plan.space
  const lines = [
    ...assumed(plan),
    `${plan.experiment}: ${total.toLocaleString('en-US')} meshes, ${legal.toLocaleString('en-US')} legal, ${fitting.toLocaleString('en-US')} fit (${formatMs(plan.elapsed_ms)})`,
  ]
  if (plan.baseline) lines.push(`now: ${title(plan.baseline)}  ${short(plan.baseline)}`)
  lines.push('')
  const columns = columnsOf(plan, framework)
  const rows = plan.ranked.map((verdict, i) => [String(i + 1), ...columns.map(([, cell]) => cell(verdict))])
  lines.push(rows.length > 0 ? formatTable(['#', ...columns.map(([name]) => name)], rows) : 'No legal mesh.')
  lines.push(...asFile(plan))
  return lines.join('\n')
}

/** What a one-line job left open stands first: every figure below rests on it. */
function assumed({ assumptions, experiment_file: file }: Plan): string[] {
  return file === null ? [] : ['assumed:', ...assumptions.map((text) => `  ${text}`), '']
}

/** The file that a one-line job amounts to, behind the ranking. */
function asFile({ experiment_file: file }: Plan): string[] {
  return file === null
    ? []
    : [
        '',
        'as experiment.yaml:',
        ...file
          .trimEnd()
          .split('\n')
          .map((text) => `  ${text}`),
      ]
}

type Column = readonly [name: string, cell: (verdict: Verdict) => string]

/** A request mix is read by its latencies, everything else by its step. */
function columnsOf({ ranked }: Plan, framework: Framework): Column[] {
  const served = ranked.some(({ estimate }) => estimate !== null && estimate.tpot_p99_ms !== null)
  return [
    ['mesh', title],
    [`in ${framework}`, ({ mesh }) => formatMeshIn(framework, mesh)],
    ['step', ({ estimate }) => formatMs(estimate?.step_time_ms ?? null)],
    ['range', ({ estimate }) => (estimate ? `${formatMs(estimate.low_ms)}–${formatMs(estimate.high_ms)}` : '–')],
    ...(served ? servedColumns : [mfu]),
    ['GiB', ({ memory }) => formatGibNumber(memory?.required_gib ?? null)],
    ['margin', ({ memory }) => formatShare(memory?.margin ?? null)],
    ...(served ? [perMillionTokens] : [exposed, per1000Steps]),
    ['', remark],
  ]
}

const mfu: Column = ['MFU', ({ estimate }) => formatShare(estimate?.mfu ?? null)]
const exposed: Column = [
  'comm exposed',
  ({ estimate }) => (estimate ? formatShare(estimate.exposed_communication_ms / estimate.step_time_ms) : '–'),
]
const per1000Steps: Column = ['$/1000 steps', ({ estimate }) => formatUsd(estimate?.usd_per_1000_steps ?? null)]
const perMillionTokens: Column = ['$/million tokens', ({ estimate }) => formatUsd(estimate?.usd_per_million_tokens ?? null)]
const servedColumns: readonly Column[] = [
  ['ttft', ({ estimate }) => formatMs(estimate?.ttft_ms ?? null)],
  ['tpot', ({ estimate }) => formatMs(estimate?.tpot_ms ?? null)],
  ['tpot p99', ({ estimate }) => formatMs(estimate?.tpot_p99_ms ?? null)],
]

function remark({ legal, violations, memory, warnings }: Verdict): string {
  if (!legal) return `✗ ${violations[0]?.message ?? ''}`
  if (memory && memory.certainty !== 'clear') return fitWords(memory)
  return warnings
    .map(({ rule }) => rule)
    .filter((rule) => rule !== '')
    .join(', ')
}

function short(verdict: Verdict): string {
  const memory = verdict.memory
    ? `, ${formatGibNumber(verdict.memory.required_gib)} of ${formatGibNumber(verdict.memory.available_gib)} GiB`
    : ''
  return `${formatMs(verdict.estimate?.step_time_ms ?? null)}${memory}${verdict.legal ? '' : ', illegal'}`
}
