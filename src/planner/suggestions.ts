import { z } from 'zod'
import remedies from '../../knowledge/remedies.json' with { type: 'json' }
import type { Suggestion } from '../contract/diagnosis.ts'
import { formatMesh } from '../contract/mesh.ts'
import type { Verdict } from '../contract/verdict.ts'
import { toTuple } from '../interconnect/mesh-tuple.ts'
import type { Calibration } from './calibrate.ts'
import { calibratedStep } from './calibrate.ts'
import { asyncGathers } from './compiler-flags.ts'
import { type CostModel, costModel } from './cost-model.ts'
import { vocabTilingFlag } from './footprint/loss-memory.ts'
import { createMeshRules } from './legality.ts'
import { memoryCertainty } from './memory-probability.ts'
import { gainOf, pairSpread, stepShares } from './pair-errors.ts'
import { tunedPolicies } from './remat-policy.ts'
import { microbatchChange, rematChange, type SettingChange, statesOnDeviceChange } from './setting-change.ts'
import { choiceOf } from './tune.ts'
import type { Workload } from './workload.ts'

const flagsByChip = z.object({ flags: z.record(z.string(), z.record(z.string(), z.string())) })
const { async_gathers, offload_together } = z.object({ async_gathers: flagsByChip, offload_together: flagsByChip }).parse(remedies)

/** A setting must gain this much, this surely, to be worth a line. */
const leastGain = 1.02
const leastProbability = 0.8
const shown = 2
/** Pieces of the tokens in which the loss may be worked out. */
const tiles = '16'

/**
 * Settings beside the mesh that are predicted to gain more than any mesh: one setting changed on `on`, the mesh that runs or else
 * the first card, where memory stays clear. At most one of each kind, the best first; gains are over `on`.
 */
export function suggestSettings(options: {
  workload: Workload
  on: Verdict
  best: Verdict | null
  calibration: Calibration
  constants?: CostModel
}): Suggestion[] {
  const { workload, on, best, calibration, constants = costModel } = options
  if (workload.phase !== 'train' || !on.estimate || !on.legal) return []
  const [ici, dcn] = [toTuple(on.mesh), toTuple(on.dcn)]
  const rules = createMeshRules(workload)
  const placement = rules.placement(ici)
  const asIs = choiceOf(workload, on.changes, constants)
  const before = asIs.figures(ici, dcn, placement).timing
  const rate = asIs.tokens / calibratedStep(before, calibration)
  const meshGain = best?.estimate ? best.estimate.tokens_per_second_per_chip / on.estimate.tokens_per_second_per_chip : 1
  const found: Suggestion[] = []
  for (const { kind, change, what, settings } of changesOf(asIs.workload)) {
    const choice = choiceOf(asIs.workload, change, constants)
    if (!rules.isLegal(ici, dcn, choice.workload.run)) continue
    const { margin, timing } = choice.figures(ici, dcn, placement)
    if (memoryCertainty(choice.workload, margin, ici[1] * dcn[1]).certainty !== 'clear') continue
    const ratio = choice.tokens / calibratedStep(timing, calibration) / rate
    const spread = pairSpread(stepShares(timing, calibration), stepShares(before, calibration), constants.pair)
    const { low, high, probability } = gainOf(ratio, spread)
    if (ratio < Math.max(leastGain, meshGain) || probability < leastProbability) continue
    const less = `${((1 - 1 / ratio) * 100).toFixed(0)}% less time per step on ${formatMesh(on.mesh)}`
    const why = `${less} is predicted, more than any mesh alone brings, and memory stays clear of the limit`
    found.push({ kind, what, why, settings, gain: { ratio, low, high }, by: 'planner' })
  }
  // of equal gains the one that sets less
  found.sort((a, b) => (b.gain?.ratio ?? 0) - (a.gain?.ratio ?? 0) || Object.keys(a.settings).length - Object.keys(b.settings).length)
  const kinds = new Set<string>()
  return found.filter(({ kind }) => !kinds.has(kind) && kinds.add(kind)).slice(0, shown)
}

interface Setting extends SettingChange {
  kind: Suggestion['kind']
}

function changesOf({ run, framework, chip, slice }: Workload): Setting[] {
  const changes: Setting[] = []
  for (const remat of tunedPolicies) {
    if (remat === run.remat) continue
    const { change, what, settings } = rematChange(run, framework, remat)
    changes.push({ kind: 'remat', change, what, settings })
    if (framework !== 'maxtext' || run.flags[vocabTilingFlag] !== undefined) continue
    // the logits in pieces make room for more saved tensors
    changes.push({
      kind: 'remat',
      change: { ...change, flags: { ...run.flags, [vocabTilingFlag]: tiles } },
      what: `${what}, the loss in ${tiles} pieces`,
      settings: { ...settings, [vocabTilingFlag]: tiles },
    })
  }
  for (const microbatches of [1, run.microbatches / 2, run.microbatches * 2]) {
    if (!Number.isInteger(microbatches) || microbatches === run.microbatches || run.global_batch % microbatches !== 0) continue
    changes.push({ kind: 'microbatches', ...microbatchChange(run, framework, microbatches) })
  }
  const flags = async_gathers.flags[slice.chip] ?? offload_together.flags[slice.chip]
  if (flags && !asyncGathers(run.flags, chip.async_gathers)) {
    const change = { flags: { ...run.flags, ...flags } }
    changes.push({ kind: 'flag', change, what: 'compiler flags that gather weights beside compute (LIBTPU_INIT_ARGS)', settings: flags })
  }
  const states = statesOnDeviceChange(run)
  if (states) changes.push({ kind: 'offload', ...states })
  return changes
}
