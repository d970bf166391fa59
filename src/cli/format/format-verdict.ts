import type { Framework } from '../../contract/experiment.ts'
import { formatMesh, meshSize } from '../../contract/mesh.ts'
import type { CompilerVerdict, Verdict } from '../../contract/verdict.ts'
import { formatMeshIn } from '../../text/axis-names.ts'
import { formatChange, formatGib, formatGibNumber, formatMs, formatShare, formatUsd } from '../../text/units.ts'

/** The verdict on one mesh, for the terminal. */
export function formatVerdict(verdict: Verdict, framework: Framework): string {
  const lines = [
    `${title(verdict)}  (${formatMeshIn(framework, verdict.mesh)})  ${verdict.legal ? 'legal' : 'ILLEGAL'}, ${verdict.physical}`,
    ...verdict.violations.map((violation) => `  ✗ ${violation.rule}: ${violation.message}`),
    ...verdict.warnings.map((warning) => `  ! ${warning.rule}: ${warning.message}`),
  ]
  if (verdict.memory) lines.push(...memoryLines(verdict.memory))
  if (verdict.estimate) lines.push(...estimateLines(verdict.estimate))
  if (verdict.compiler) lines.push(`  compiler: ${formatCompiler(verdict.compiler)}`)
  return lines.join('\n')
}

/** `data=16 · model=4, across slices data=2, remat=full` */
export function title(verdict: Verdict): string {
  const dcn = meshSize(verdict.dcn) > 1 ? `, across slices ${formatMesh(verdict.dcn)}` : ''
  const changes = Object.entries(verdict.changes).map(
    ([key, value]) => `, ${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  return `${formatMesh(verdict.mesh)}${dcn}${changes.join('')}`
}

/** `compiled, peak 77.9 of 95.7 GiB, 74 s (full effort, reference program, jax 0.10.2)` */
export function formatCompiler(verdict: CompilerVerdict): string {
  const said = { fits: 'compiled', oom: 'OUT OF MEMORY', error: 'failed to compile', unknown: 'no verdict' }[verdict.status]
  const memory = verdict.required_gib === null ? '' : `, ${formatGibNumber(verdict.required_gib)} of ${formatGib(verdict.available_gib)}`
  const time = verdict.step_time_ms === null ? '' : `, step ${formatMs(verdict.step_time_ms)} replayed`
  const versions = Object.entries(verdict.versions).map(([name, version]) => `${name} ${version}`)
  const about = [`${verdict.effort} effort`, verdict.program === 'user' ? 'your program' : 'reference program', ...versions].join(', ')
  return `${said}${memory}${time}, ${Math.round(verdict.seconds)} s (${about})${verdict.message ? `: ${verdict.message}` : ''}`
}

/** `fits`, `near the limit, 64% likely to fit`, `DOES NOT FIT`. */
export function fitWords({ certainty, probability }: NonNullable<Verdict['memory']>): string {
  if (certainty === 'clear') return 'fits'
  return certainty === 'no' ? 'DOES NOT FIT' : `near the limit, ${formatShare(probability)} likely to fit`
}

function memoryLines(memory: NonNullable<Verdict['memory']>): string[] {
  const parts = Object.entries(memory.breakdown).filter(([, gib]) => gib > 0.005)
  return [
    `  memory ${formatGibNumber(memory.required_gib)} of ${formatGib(memory.available_gib)}: ${fitWords(memory)}, margin ${formatShare(memory.margin)}`,
    `    ${parts.map(([name, gib]) => `${name.replaceAll('_', ' ')} ${formatGibNumber(gib)}`).join(', ')}`,
  ]
}

/** How much better than what runs, and what stands behind the estimate. */
function gainLines({ gain, validated }: NonNullable<Verdict['estimate']>): string[] {
  const lines: string[] = []
  if (gain && gain.ratio !== 1) {
    const range = `${formatChange(gain.low)} to ${formatChange(gain.high)}`
    lines.push(
      `  ${formatChange(gain.ratio)} throughput against what runs (${range}), ${formatShare(gain.probability)} likely to be better`,
    )
  }
  lines.push(validated === null ? '  nothing measured stands behind this kind of estimate' : `  validated on ${validated}`)
  return lines
}

function estimateLines(estimate: NonNullable<Verdict['estimate']>): string[] {
  const latency = [
    estimate.ttft_ms === null ? '' : `TTFT ${formatMs(estimate.ttft_ms)}`,
    estimate.tpot_ms === null ? '' : `TPOT ${formatMs(estimate.tpot_ms)}`,
  ].filter((part) => part !== '')
  return [
    ...gainLines(estimate),
    `  step ${formatMs(estimate.step_time_ms)} (${formatMs(estimate.low_ms)} to ${formatMs(estimate.high_ms)})${estimate.mfu === null ? '' : `, MFU ${formatShare(estimate.mfu)}`}, ${Math.round(estimate.tokens_per_second_per_chip).toLocaleString('en-US')} tokens/s/chip${latency.length > 0 ? `, ${latency.join(', ')}` : ''}`,
    `    compute ${formatMs(estimate.compute_ms)}, HBM ${formatMs(estimate.hbm_ms)}, communication ${formatMs(estimate.communication_ms)} (exposed ${formatMs(estimate.exposed_communication_ms)}), host ${formatMs(estimate.host_ms)}`,
    `    ${formatUsd(estimate.usd_per_1000_steps)} per 1,000 steps, ${formatUsd(estimate.usd_per_million_tokens)} per million tokens`,
  ]
}
