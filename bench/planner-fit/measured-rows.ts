import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Experiment } from '../../src/contract/experiment.ts'
import { chipSchema } from '../../src/contract/experiment.ts'
import type { Mesh } from '../../src/contract/mesh.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { findModel, resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import type { Workload } from '../../src/planner/workload.ts'
import settings from './row-settings.json' with { type: 'json' }

/** A public measurement as a workload with the mesh that ran. */
export interface MeasuredRow {
  id: string
  group: string
  model: string
  chip: string
  remat: string
  comparability: string
  note: string
  workload: Workload
  measuredMs: number
}

const path = '../shared/data/measured.tsv'
type Row = Record<string, string>

const groups = z
  .array(
    z.object({
      match: z.record(z.string(), z.string()),
      remat: z.string(),
      flags: z.record(z.string(), z.string()),
      moe: z.enum(['dropping', 'dropless']).optional(),
    }),
  )
  .parse(settings.groups)

/** Rows of the table, as objects by column. */
export function readRows(): Row[] {
  const [head, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n')
  const names = head!.split('\t')
  return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i]!, value])))
}

/** `train` rows with status ok, a train_step time, dims, seq and gbs: those that the accuracy of the step time is measured on. */
export function qualifies(row: Row): boolean {
  return (
    row.phase === 'train' &&
    row.status === 'ok' &&
    row.step_kind === 'train_step' &&
    [row.step_s, row.dims, row.seq, row.gbs].every((value) => value !== '')
  )
}

/** The row as a workload; null when the table does not say enough. */
export function measuredRow(row: Row): MeasuredRow | null {
  const seconds = row.step_s ? Number(row.step_s) : Number.NaN
  const known = findModel(row.model ?? '')
  if (!Number.isFinite(seconds) || !known || !row.topology || !row.seq || !row.gbs) return null
  const recipe = groups.find(({ match }) => Object.entries(match).every(([key, value]) => row[key] === value))
  const int8 = row.dtype === 'int8' || row.dtype === 'fp8'
  const { topology, slices } = slicesOf(row.topology)
  const experiment: Experiment = {
    id: row.id!,
    hardware: { chip: chipSchema.parse(row.chip), topology, slices },
    phase: 'train',
    model: known.name,
    run: {
      global_batch: Number(row.gbs),
      seq_len: Number(row.seq),
      remat: recipe?.remat ?? (row.remat || 'full'),
      ...(int8 ? { matmul_dtype: row.dtype as 'int8' | 'fp8' } : {}),
      ...(recipe?.moe ? { moe: recipe.moe } : {}),
      ...(recipe ? { flags: recipe.flags } : {}),
    },
    mesh: meshOf(row),
    dcn: dcnOf(row),
  }
  return {
    id: row.id!,
    group: row.group_id!,
    model: row.model!,
    chip: row.chip!,
    remat: row.remat || '(none stated)',
    comparability: row.comparability!,
    note: row.note!,
    workload: resolveWorkload(experiment, { findChip, findSlice, resolveModel }),
    measuredMs: seconds * 1000,
  }
}

/** `4x(16x16)` is four slices of 16x16. */
function slicesOf(text: string): { topology: string; slices: number } {
  const match = /^(\d+)x\(([^)]+)\)$/.exec(text)
  return match ? { topology: match[2]!, slices: Number(match[1]) } : { topology: text, slices: 1 }
}

/** MaxText's axes as the contract's: fsdp and its transpose are data, ici_data is replica. */
function meshOf(row: Row): Mesh {
  const size = (key: string) => (row[key] ? Number(row[key]) : 1)
  return {
    replica: size('ici_data'),
    data: size('ici_fsdp') * size('ici_fsdp_transpose'),
    seq: size('ici_seq_context'),
    model: size('ici_tensor'),
    expert: size('ici_expert'),
  }
}

/** dcn_data_parallelism keeps whole copies of the parameters: replica. */
function dcnOf(row: Row): Mesh {
  const match = /^data(\d+)$/.exec(row.dcn ?? '')
  return match ? { replica: Number(match[1]) } : {}
}
