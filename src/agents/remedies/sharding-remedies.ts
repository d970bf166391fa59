import { remedyData } from '../../knowledge/data/remedies.ts'
import type { Workload } from '../../planner/workload.ts'
import { foundIn, patternOf, pureData, type Remedy, type RemedyInput } from './remedy.ts'

/**
 * Expert weights under FSDP that each device gathers whole and whose gradients it sums whole: the experts' own dimension over the
 * FSDP axis, where their number is a multiple of it. MaxText's `shard_exp_on_fsdp`.
 */
export function expertsOnFsdp({ workload, on, patterns }: RemedyInput): Remedy | null {
  const { framework, phase, run, model } = workload
  const data = pureData(on.mesh)
  const experts = expertCounts(workload)
  if (framework !== 'maxtext' || phase !== 'train' || data === null || experts.length === 0) return null
  if (model.moeLayers === 0 || run.flags['shard_exp_on_fsdp'] === 'true' || experts.some((count) => count % data !== 0)) return null
  const pattern = patternOf(patterns, 'reduce_then_slice')
  const { doc } = remedyData().experts_on_fsdp
  const found = pattern === null ? '' : `${foundIn(pattern)}. `
  return {
    suggestion: {
      kind: 'sharding_rule',
      what: 'experts instead of their embedding dimension over the FSDP axis',
      why: `${found}${experts.join(', ')} experts divide over data=${data}: whole experts are gathered and their gradients scattered (${doc})`,
      settings: { shard_exp_on_fsdp: 'true' },
      gain: null,
      by: pattern === null ? 'doc' : 'anti_pattern',
    },
    change: null,
  }
}

/** Tiles of the grouped product that are wider than an expert's MLP compute columns that nobody asked for. */
export function expertTiles({ workload }: RemedyInput): Remedy | null {
  const { framework, phase, run, model } = workload
  const { doc, default_tile: tile, lanes } = remedyData().expert_tiles
  if (framework !== 'maxtext' || phase !== 'train' || run.moe !== 'dropless' || run.flags['wi_tile_fwd_mlp_dim'] !== undefined) return null
  const widths = model.kinds.flatMap(({ mlp }) => (mlp?.kind === 'moe' ? [mlp.width] : []))
  const width = Math.max(0, ...widths)
  if (width === 0 || width >= tile) return null
  const fitting = String(Math.ceil(width / lanes) * lanes)
  return {
    suggestion: {
      kind: 'kernel',
      what: `tiles of ${fitting} for experts ${width} wide`,
      why: `a tile of ${tile} computes ${Math.round((1 - width / tile) * 100)}% of its columns for nothing (${doc})`,
      settings: { wi_tile_fwd_mlp_dim: fitting, wo_tile_fwd_mlp_dim: fitting },
      gain: null,
      by: 'doc',
    },
    change: null,
  }
}

function expertCounts({ model }: Workload): number[] {
  return [...new Set(model.kinds.flatMap(({ mlp }) => (mlp?.kind === 'moe' ? [mlp.experts] : [])))]
}
