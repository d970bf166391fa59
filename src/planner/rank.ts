import type { Certainty, Verdict } from '../contract/verdict.ts'
import { axisPlaces, type MeshTuple, toTuple, usedAxes } from '../interconnect/mesh-tuple.ts'
import { jobChips, tokensPerStep } from './model/model-flops.ts'
import type { Workload } from './workload.ts'

/** What the order of candidates rests on, smaller first. */
export interface RankKey {
  /** 0 clear of the memory's limit, or the compiler says that it fits; 1 near it; 2 does not fit; 3 illegal. */
  tier: 0 | 1 | 2 | 3
  /** 0 when the experiment's SLO is met, or there is none. */
  slo: 0 | 1
  /** Seconds a step for latency; seconds for the tokens of the experiment's own step for throughput, and so for cost. */
  score: number
  /** What evidence beside the prediction says of it, smaller first, where predictions cannot tell; 0 nothing. */
  lean: number
  /**
   * Equal scores: unsplit before split, fewer axes, more margin, the axes' sizes. See `order.ts` for scores that cannot be told
   * apart.
   */
  split: 0 | 1
  axes: number
  margin: number
  ici: MeshTuple
  dcn: MeshTuple
}

export function compareKeys(a: RankKey, b: RankKey): number {
  return (
    a.tier - b.tier ||
    a.slo - b.slo ||
    a.score - b.score ||
    a.split - b.split ||
    a.axes - b.axes ||
    b.margin - a.margin ||
    compareSizes(a.ici, b.ici) ||
    compareSizes(a.dcn, b.dcn)
  )
}

/** The tier of what is known of a candidate's memory: clear, near the limit, no. */
export const memoryTier = { clear: 0, near: 1, no: 2 } as const satisfies Record<Certainty, RankKey['tier']>

/**
 * What the objective makes smallest, from a step in seconds and its tokens. On a given slice dollars a token follow seconds a
 * token; they are counted for the tokens of the experiment's own step, so that objectives agree where the batch stays.
 */
export function scoreOf(workload: Workload, stepSeconds: number, tokens: number): number {
  return workload.objective === 'latency' ? stepSeconds : (stepSeconds * tokensPerStep(workload)) / tokens
}

export function sloTier({ phase, slo }: Workload, stepMs: number): 0 | 1 {
  const limit = phase === 'prefill' ? slo.ttft_ms : phase === 'decode' ? slo.tpot_ms : undefined
  return limit !== undefined && stepMs > limit ? 1 : 0
}

/** The key of a verdict, with the compiler's word on memory where there is one: it stands above the planner's. */
export function keyOfVerdict(workload: Workload, verdict: Verdict): RankKey {
  const ici = toTuple(verdict.mesh)
  const dcn = toTuple(verdict.dcn)
  const { estimate, memory, compiler } = verdict
  const axes = sharingAxes(workload.phase, ici) + sharingAxes(workload.phase, dcn)
  const rest = { lean: 0, axes, split: verdict.physical === 'split' ? 1 : 0, margin: memory?.margin ?? 0, ici, dcn } as const
  if (!verdict.legal || !estimate || !memory) return { tier: 3, slo: 0, score: 0, ...rest }
  const tier =
    compiler?.status === 'fits' ? 0 : compiler?.status === 'oom' || compiler?.status === 'error' ? 2 : memoryTier[memory.certainty]
  const tokens = estimate.tokens_per_second_per_chip * jobChips(workload) * (estimate.step_time_ms / 1000)
  const score = scoreOf(workload, estimate.step_time_ms / 1000, tokens)
  return { tier, slo: sloTier(workload, estimate.step_time_ms), score, ...rest }
}

function compareSizes(a: MeshTuple, b: MeshTuple): number {
  for (const place of axisPlaces) if (a[place] !== b[place]) return b[place] - a[place]
  return 0
}

/** Axes whose members exchange something: replicas that serve share nothing, and are no more complicated for being many. */
export function sharingAxes(phase: Workload['phase'], tuple: MeshTuple): number {
  return usedAxes(tuple) - (phase !== 'train' && tuple[0] > 1 ? 1 : 0)
}
