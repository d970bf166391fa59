import { formatMesh } from '../../src/contract/mesh.ts'
import type { ReplayedCase } from './replayed-case.ts'

interface Contrast {
  workload: string
  faster: ReplayedCase
  slower: ReplayedCase
  measuredRatio: number
  rows: Row[]
}

/** The report of a replay run in Markdown: every case, the error against measurements, and the ranking. */
export function resultsPage(cases: readonly ReplayedCase[], plannerSeconds: ReadonlyMap<string, number>): string {
  const withReplay = cases.filter(({ replay }) => replay !== null)
  const measured = withReplay.filter(({ measured: rows }) => rows.length > 0)
  return [
    '# Replayed steps of compiled programs',
    '',
    'Written by `npm run bench:replay`. Programs are the reference program at full effort; times in seconds; nothing is fitted.',
    '',
    '| Workload | Mesh | Batch, remat | Replay | Compute | HBM | Communication (exposed) | TFLOP a device | Measured |',
    '|---|---|---|---|---|---|---|---|---|',
    ...cases.map(row),
    '',
    '## Against measurements',
    '',
    ...against(measured),
    '',
    '## Which mesh is faster',
    '',
    ...ranking(measured, plannerSeconds),
    '',
  ].join('\n')
}

function row(entry: ReplayedCase): string {
  const { replay: r } = entry
  const head = `| ${entry.workload} | ${meshText(entry)} | ${entry.global_batch}, ${entry.remat} |`
  if (r === null) return `${head} ${entry.status === 'oom' ? 'does not fit' : '–'} | | | | | ${measuredText(entry)} |`
  const communication = `${seconds(r.communication_ms)} (${seconds(r.exposed_communication_ms)})`
  return `${head} ${seconds(r.step_time_ms)} | ${seconds(r.compute_ms)} | ${seconds(r.hbm_ms)} | ${communication} | ${r.tflops_per_device.toFixed(r.tflops_per_device < 10 ? 2 : 0)} | ${measuredText(entry)} |`
}

function measuredText({ measured }: ReplayedCase): string {
  return measured.map(({ id, step_ms, remat }) => `${seconds(step_ms)} (${id}${remat ? `, remat ${remat}` : ''})`).join('; ') || '–'
}

function against(cases: readonly ReplayedCase[]): string[] {
  if (cases.length === 0) return ['No compiled program has a measurement of the same model, batch and mesh yet.']
  const errors = cases.flatMap(({ replay, measured }) => measured.map(({ step_ms }) => Math.log(replay!.step_time_ms / step_ms)))
  const mean = Math.exp(errors.reduce((sum, e) => sum + e, 0) / errors.length)
  const typical = Math.exp(Math.sqrt(errors.reduce((sum, e) => sum + e * e, 0) / errors.length))
  return [
    `${errors.length} pairs of a replay and a measurement (programs differ in remat policy, kernels and optimizer): replayed ÷ measured is ${mean.toFixed(2)} in the geometric mean, and typically off by a factor of ${typical.toFixed(2)}.`,
  ]
}

/** Pairs of meshes of one program, both measured, whose measured times differ by more than 3%. */
function measuredContrasts(cases: readonly ReplayedCase[]): Contrast[] {
  const found: Contrast[] = []
  for (const [i, a] of cases.entries()) {
    for (const b of cases.slice(i + 1)) {
      if (a.group !== b.group) continue
      const [ofA, ofB] = comparable(a, b)
      const [ta, tb] = [fastest(ofA), fastest(ofB)]
      const [faster, slower] = ta < tb ? [a, b] : [b, a]
      const ratio = Math.max(ta, tb) / Math.min(ta, tb)
      if (ratio > 1.03) found.push({ workload: a.workload, faster, slower, measuredRatio: ratio, rows: [...ofA, ...ofB] })
    }
  }
  return found
}

type Row = ReplayedCase['measured'][number]

/** Rows of both that one source measured, those of another framework left out; all rows where there are none. */
function comparable(a: ReplayedCase, b: ReplayedCase): [Row[], Row[]] {
  const groups = new Set(a.measured.map(({ group }) => group).filter((group) => b.measured.some((row) => row.group === group)))
  const shared = ({ measured }: ReplayedCase) =>
    measured.filter(({ group, comparability }) => groups.has(group) && comparability !== 'other_stack')
  const [ofA, ofB] = [shared(a), shared(b)]
  return ofA.length > 0 && ofB.length > 0 ? [ofA, ofB] : [a.measured, b.measured]
}

function fastest(rows: readonly Row[]): number {
  return Math.min(...rows.map(({ step_ms }) => step_ms))
}

function ranking(cases: readonly ReplayedCase[], plannerSeconds: ReadonlyMap<string, number>): string[] {
  const contrasts = measuredContrasts(cases)
  if (contrasts.length === 0) return ['No workload has two measured meshes among the compiled programs yet.']
  const replayed = ({ faster, slower }: Contrast) => slower.replay!.step_time_ms / faster.replay!.step_time_ms
  const planned = ({ faster, slower }: Contrast) =>
    (plannerSeconds.get(slower.id) ?? Number.NaN) / (plannerSeconds.get(faster.id) ?? Number.NaN)
  const lines = contrasts.map((contrast) => {
    const { workload, faster, slower, measuredRatio } = contrast
    const shown = [measuredRatio, replayed(contrast), planned(contrast)].map((ratio) => ratio.toFixed(2)).join(' | ')
    const batch = `batch ${faster.global_batch}`
    return `| ${workload}, ${batch} | ${meshText(faster)} | ${meshText(slower)} | ${shown} | ${kindsOf(contrast)} |`
  })
  const agree = (ratio: (contrast: Contrast) => number) => contrasts.filter((contrast) => ratio(contrast) > 1).length
  return [
    `The replay puts ${agree(replayed)} of ${contrasts.length} pairs in the measured order, the planner ${agree(planned)}. Ratios are the slower mesh's step over the faster one's; below 1 is the wrong order.`,
    '',
    '| Program | Measured faster | Measured slower | Measured | Replay | Planner | What the measurements compare |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ]
}

function kindsOf({ rows }: Contrast): string {
  return rows.map(({ id, comparability }) => `${id} ${comparability}`).join(', ')
}

function meshText({ mesh, dcn }: ReplayedCase): string {
  return Object.keys(dcn).length > 0 ? `${formatMesh(mesh)}; over slices ${formatMesh(dcn)}` : formatMesh(mesh)
}

/** Seconds, with a third figure below a tenth of one. */
function seconds(ms: number): string {
  return (ms / 1000).toFixed(ms > 0 && ms < 100 ? 4 : 2)
}
