import { formatMesh } from '../../contract/mesh.ts'
import type { Size } from '../../contract/size.ts'
import type { Plan, Verdict } from '../../contract/verdict.ts'
import { formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'
import { context, type Message, message, preformatted, section, table } from './message.ts'
import { clip, escapeText, plain } from './text.ts'

const meshesShown = 6
const slicesShown = 10
const maxAssumption = 300

/** A plan of a job that was said in one line: what was assumed stands below, each a reply away from another value. */
export function planLineMessage(plan: Plan, lead: string | null): Message {
  const { fitting, legal, total } = plan.space
  const counts = `*${escapeText(plan.experiment, 150)}*: ${fitting} of ${legal} legal meshes fit${available(plan)} (of ${total})`
  const head = lead === null ? counts : `:warning: ${escapeText(lead, 900)}\n${counts}`
  const served = plan.ranked.some(({ estimate }) => estimate?.tpot_ms != null)
  const columns = served ? servedColumns : trainedColumns
  const rows = plan.ranked.slice(0, meshesShown).map((verdict, at) => [String(at + 1), ...columns.map(([, cell]) => cell(verdict))])
  const body =
    rows.length === 0
      ? []
      : [table([['#', ...columns.map(([name]) => name)], ...rows], ['right', 'left', ...columns.slice(1).map(() => 'right' as const)])]
  return message(plain(head), [
    section(head),
    ...body,
    assumed(plan.assumptions),
    context(
      'Reply with what is different, such as _kv fp8_, _batch 256_ or _on v6e-16_, and I plan it again; _file_ gives it as an experiment file, _size_ compares slices.',
    ),
  ])
}

/** Slices for a job, the cheapest that meets it first. */
export function sizeMessage({ job, assumptions, options }: Size): Message {
  const met = options.filter(({ meets }) => meets).length
  const what = escapeText(job, 400)
  const head =
    met > 0
      ? `*${what}*: ${met === 1 ? 'one slice meets' : `${met} slices meet`} it, the cheapest first`
      : `:warning: No slice that was looked at meets *${what}*; what misses by least first`
  const served = options.some(({ estimate }) => estimate.tpot_ms !== null)
  const header = ['#', 'Slice', 'Mesh', 'Meets', '$/hour', ...(served ? ['TTFT', 'TPOT'] : ['$ in all', 'Step']), 'GiB']
  const rows = options
    .slice(0, slicesShown)
    .map((option, at) => [
      String(at + 1),
      option.slices > 1 ? `${option.slices} × ${option.slice}` : option.slice,
      clip(formatMesh(option.mesh), 80),
      option.meets ? 'yes' : option.memory.fits ? 'no' : 'no memory',
      formatUsd(option.usd_per_hour),
      ...(served
        ? [formatMs(option.estimate.ttft_ms), formatMs(option.estimate.tpot_ms)]
        : [formatUsd(option.usd_total), formatMs(option.estimate.step_time_ms)]),
      formatGibNumber(option.memory.required_gib),
    ])
  const body =
    rows.length === 0 ? [] : [table([header, ...rows], ['right', 'left', 'left', 'left', ...header.slice(4).map(() => 'right' as const)])]
  return message(plain(head), [
    section(head),
    ...body,
    assumed(assumptions),
    context(
      'Reply with what is different, such as _tpot 30 ms_ or _on v6e_, and I compare again; say a slice and _plan_ for all meshes of one.',
    ),
  ])
}

/** The experiment that a line amounts to, as it is pasted into a file or back to the bot. */
export function fileMessage(yaml: string): Message {
  const text = 'As `experiment.yaml`; paste it back to me in a code block to have it diagnosed:'
  return message(plain(text), [section(text), preformatted(yaml)])
}

export function jobForgottenMessage(): Message {
  const text = 'The job of this thread is forgotten. Its messages are yours to delete.'
  return message(text, [section(text)])
}

type Column = readonly [name: string, cell: (verdict: Verdict) => string]

const mesh: Column = [
  'Mesh',
  ({ mesh: sizes, dcn }) =>
    clip([formatMesh(sizes), ...(Object.keys(dcn).length > 0 ? [`across slices ${formatMesh(dcn)}`] : [])].join(', '), 120),
]
const memory: Column = [
  'GiB',
  ({ memory: need }) =>
    need === null
      ? '–'
      : `${formatGibNumber(need.required_gib)}${need.certainty === 'clear' ? '' : need.fits ? ', near the limit' : ', does not fit'}`,
]
const perMillion: Column = ['$/M tokens', ({ estimate }) => formatUsd(estimate?.usd_per_million_tokens ?? null)]
const step = ({ estimate }: Verdict) =>
  estimate === null ? '–' : `${formatMs(estimate.step_time_ms)} (${formatMs(estimate.low_ms)}–${formatMs(estimate.high_ms)})`

const trainedColumns: readonly Column[] = [
  mesh,
  ['Step (90% range)', step],
  ['MFU', ({ estimate }) => formatShare(estimate?.mfu ?? null)],
  memory,
  perMillion,
]
const servedColumns: readonly Column[] = [
  mesh,
  ['TTFT', ({ estimate }) => formatMs(estimate?.ttft_ms ?? null)],
  ['TPOT', ({ estimate }) => formatMs(estimate?.tpot_ms ?? null)],
  ['TPOT p99', ({ estimate }) => formatMs(estimate?.tpot_p99_ms ?? null)],
  memory,
  perMillion,
]

function available({ ranked }: Plan): string {
  const gib = ranked[0]?.memory?.available_gib
  return gib === undefined ? '' : ` ${formatGibNumber(gib)} GiB`
}

function assumed(assumptions: readonly string[]) {
  const lines = assumptions.map((text) => `• ${escapeText(text, maxAssumption)}`)
  return section(['*Assumed*', ...lines].join('\n'), { folds: true })
}
