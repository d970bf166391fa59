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
  const rows = plan.ranked.map((verdict, i) => row(verdict, i + 1, framework))
  lines.push(
    rows.length > 0
      ? formatTable(['#', 'mesh', `in ${framework}`, 'step', 'range', 'MFU', 'GiB', 'margin', 'comm exposed', '$/1000 steps', ''], rows)
      : 'No legal mesh.',
  )
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

function row(verdict: Verdict, rank: number, framework: Framework): string[] {
  const { estimate, memory } = verdict
  const remark = !verdict.legal
    ? `✗ ${verdict.violations[0]?.message ?? ''}`
    : memory && memory.certainty !== 'clear'
      ? fitWords(memory)
      : verdict.warnings
          .map((warning) => warning.rule)
          .filter((part) => part !== '')
          .join(', ')
  return [
    String(rank),
    title(verdict),
    formatMeshIn(framework, verdict.mesh),
    formatMs(estimate?.step_time_ms ?? null),
    estimate ? `${formatMs(estimate.low_ms)}–${formatMs(estimate.high_ms)}` : '–',
    formatShare(estimate?.mfu ?? null),
    formatGibNumber(memory?.required_gib ?? null),
    formatShare(memory?.margin ?? null),
    estimate ? formatShare(estimate.exposed_communication_ms / estimate.step_time_ms) : '–',
    formatUsd(estimate?.usd_per_1000_steps ?? null),
    remark,
  ]
}

function short(verdict: Verdict): string {
  const memory = verdict.memory
    ? `, ${formatGibNumber(verdict.memory.required_gib)} of ${formatGibNumber(verdict.memory.available_gib)} GiB`
    : ''
  return `${formatMs(verdict.estimate?.step_time_ms ?? null)}${memory}${verdict.legal ? '' : ', illegal'}`
}
