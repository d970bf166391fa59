import type { Card } from '../../contract/diagnosis.ts'
import type { Framework } from '../../contract/experiment.ts'
import { axes, axisSize, formatMesh, type Mesh, meshSize } from '../../contract/mesh.ts'
import type { Gain, Verdict } from '../../contract/verdict.ts'
import { axisNames } from '../../text/axis-names.ts'
import { formatGibNumber, formatMs, formatShare } from '../../text/units.ts'

/** Gains smaller than this are none that anybody would notice. */
const noticeable = 0.005

/** `fsdp 64 · tensor 2`, with what lies across slices: the framework's own words. */
export function meshWords(framework: Framework, { mesh, dcn }: Pick<Verdict, 'mesh' | 'dcn'>): string {
  const across = meshSize(dcn) > 1 ? ` × slices: ${inWords(framework, dcn)}` : ''
  return `${inWords(framework, mesh)}${across}`
}

/** `data=64 · model=2`: the contract's axes, for beside the framework's. */
export function meshAxes({ mesh, dcn }: Pick<Verdict, 'mesh' | 'dcn'>): string {
  return meshSize(dcn) > 1 ? `${formatMesh(mesh)} × slices ${formatMesh(dcn)}` : formatMesh(mesh)
}

function inWords(framework: Framework, mesh: Mesh): string {
  const parts = axes.filter((axis) => axisSize(mesh, axis) !== 1).map((axis) => `${axisNames[framework][axis]} ${axisSize(mesh, axis)}`)
  return parts.length > 0 ? parts.join(' · ') : 'one device'
}

/** `26% less time per step (10–39%, 99% likely better)`: what a throughput ratio means for the time, with its 90% range. */
export function gainWords(gain: Gain, per: 'step' | 'token' = 'step'): string {
  const change = 1 - 1 / gain.ratio
  const [low, high] = [1 - 1 / gain.low, 1 - 1 / gain.high]
  const likely = Math.min(0.99, Math.max(0.01, gain.probability))
  if (Math.abs(change) < noticeable) return `about the same time per ${per} (${signedPercent(low)} to ${signedPercent(high)} less)`
  const words = `${whole(Math.abs(change))} ${change > 0 ? 'less' : 'more'} time per ${per}`
  const range = change > 0 ? between(low, high, 'less') : between(-high, -low, 'more')
  return `${words} (${range}, ${whole(likely)} likely better)`
}

/** `10–39%`; where the range reaches past none, both ends are named. */
function between(low: number, high: number, word: 'less' | 'more'): string {
  const other = word === 'less' ? 'more' : 'less'
  return low >= 0 ? `${Math.round(low * 100)}–${whole(high)}` : `${whole(-low)} ${other} to ${whole(high)} ${word}`
}

function signedPercent(share: number): string {
  return `${share < 0 ? '−' : ''}${whole(Math.abs(share))}`
}

function whole(share: number): string {
  return `${Math.round(share * 100)}%`
}

/** `fits: 44.1 of 95.7 GiB`, `near the limit: 92 of 95.7 GiB, 71% likely to fit`; the compiler's word where it has spoken. */
export function fitWords({ memory, compiler }: Pick<Verdict, 'memory' | 'compiler'>): string {
  if (memory === null) return 'memory unknown'
  const required = compiler?.required_gib ?? memory.required_gib
  const gib = `${formatGibNumber(required)} of ${formatGibNumber(compiler?.available_gib ?? memory.available_gib)} GiB`
  if (compiler?.status === 'fits') return `fits: ${gib}`
  if (compiler?.status === 'oom') return `does not fit: ${gib}`
  if (memory.certainty === 'clear') return `fits: ${gib}`
  if (memory.certainty === 'no') return `does not fit: ${gib}`
  return `near the limit: ${gib}, ${whole(memory.probability)} likely to fit`
}

/** `compiled ✓`, `did not compile`; empty where the compiler was not heard. */
export function compilerWords({ compiler }: Pick<Verdict, 'compiler'>): string {
  if (compiler === null || compiler.status === 'unknown') return ''
  return { fits: 'compiled ✓', oom: 'compiler: out of memory', error: 'did not compile' }[compiler.status]
}

/** `about 26.2 s (19–36.2 s)`: the predicted step itself, with its wider 90% range. */
export function stepWords({ estimate }: Pick<Verdict, 'estimate'>): string {
  if (estimate === null) return 'no estimate'
  if (estimate.tpot_ms !== null) {
    const ttft = estimate.ttft_ms === null ? '' : `, first token ${formatMs(estimate.ttft_ms)}`
    return `about ${formatMs(estimate.tpot_ms)} per token${ttft}`
  }
  return `about ${formatMs(estimate.step_time_ms)} per step (${formatMs(estimate.low_ms)} to ${formatMs(estimate.high_ms)})`
}

/** What a verdict's time is counted in. */
export function perWhat({ estimate }: Pick<Verdict, 'estimate'>): 'step' | 'token' {
  return estimate !== null && estimate.tpot_ms !== null ? 'token' : 'step'
}

/** The framework whose names stand beside ours: the dialect of a card's snippet. */
export function frameworkOf(card: Pick<Card, 'snippets'>): Framework {
  const [named] = Object.keys(card.snippets)
  return named !== undefined && named in axisNames ? (named as Framework) : 'jax'
}

/**
 * `exposed communication 2.2% of the step; MFU 58%; $1,958 per 1,000 steps` and the like: what tells two cards apart besides
 * time.
 */
export function shareOfStep({ estimate }: Pick<Verdict, 'estimate'>): string {
  if (estimate === null || estimate.step_time_ms <= 0) return ''
  return `exposed communication ${formatShare(estimate.exposed_communication_ms / estimate.step_time_ms)} of the step`
}
