import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { rowSettings } from '../../../scripts/row-settings.ts'
import { chipSchema } from '../../../src/contract/chip-schema.ts'
import type { Experiment } from '../../../src/contract/experiment.ts'
import { experimentSchema } from '../../../src/contract/experiment.ts'
import type { Mesh } from '../../../src/contract/mesh.ts'
import { resolveWorkload } from '../../../src/experiment/resolve-workload.ts'
import { findChip } from '../../../src/knowledge/data/chips.ts'
import { findModel, resolveModel } from '../../../src/knowledge/data/models.ts'
import { findSlice } from '../../../src/knowledge/data/topologies.ts'
import { modelTerms } from '../../../src/planner/model/model-terms.ts'
import type { Workload } from '../../../src/planner/workload.ts'
import published from './published-moe.json' with { type: 'json' }

/** A public measurement as a workload with the mesh that ran. */
export interface MeasuredRow {
  id: string
  group: string
  model: string
  chip: string
  remat: string
  comparability: string
  note: string
  /** The repository or publication that the row comes from. */
  source: string
  workload: Workload
  measuredMs: number
}

const paths = ['../shared/data/measured.tsv', '../shared/data/measured2.tsv']
type Row = Record<string, string>

/** Rows of the tables, as objects by column; lines that begin with # are words about a table. */
export function readRows(): Row[] {
  return paths.flatMap((path) => {
    const [head = '', ...lines] = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('#'))
    const names = head.split('\t')
    return lines.map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i]!, value])))
  })
}

const publishedSchema = z.object({
  rows: z.array(
    z.object({ id: z.string(), group: z.string(), step_s: z.number(), experiment: z.record(z.string(), z.unknown()), source: z.string() }),
  ),
})

/** Published steps of mixtures of experts with the settings of their recipes. */
export function publishedRows(): MeasuredRow[] {
  return publishedSchema.parse(published).rows.map(({ id, group, step_s, experiment, source }) => {
    const parsed = experimentSchema.parse({ id, phase: 'train', ...experiment })
    const workload = resolveWorkload(parsed, { findChip, findSlice, resolveModel })
    return {
      id,
      group,
      model: workload.model.name ?? id,
      chip: workload.slice.chip,
      remat: workload.run.remat,
      comparability: 'published recipe',
      note: source,
      source: sourceOf(source),
      workload,
      measuredMs: step_s * 1000,
    }
  })
}

/** `owner/repository:path@commit` and `owner/repository path` are of `owner/repository`. */
function sourceOf(text: string): string {
  return /^[\w.-]+\/[\w.-]+/.exec(text.replace('https://github.com/', ''))?.[0] ?? text
}

/** `train` rows with status ok, a train_step time, dims, seq and gbs: those that the accuracy of the step time is measured on. */
export function qualifies(row: Row): boolean {
  return (
    row.phase === 'train' &&
    row.status === 'ok' &&
    row.step_kind === 'train_step' &&
    !/^(assumed|not_scorable)/.test(row.comparability ?? '') &&
    [row.step_s, row.dims, row.seq, row.gbs].every((value) => value !== '')
  )
}

/**
 * Rows that state TFLOP/s a chip in place of a step time (MaxText's own performance tables): they help to fit, and are judged
 * apart.
 */
export function isThroughputRow(row: Row): boolean {
  return row.phase === 'train' && row.status === 'ok' && row.step_s === '' && row.tflops !== '' && (row.model ?? '').startsWith('mt-')
}

/** The row as a workload; null when the table does not say enough. */
export function measuredRow(row: Row): MeasuredRow | null {
  const workload = workloadOf(row)
  if (!workload) return null
  const seconds = row.step_s ? Number(row.step_s) : secondsOf(workload, Number(row.tflops))
  if (!Number.isFinite(seconds)) return null
  return {
    id: row.id!,
    group: row.group_id!,
    model: row.model!,
    chip: row.chip!,
    remat: row.remat || '(none stated)',
    comparability: row.comparability!,
    note: row.note!,
    source: sourceOf(row.source ?? ''),
    workload,
    measuredMs: seconds * 1000,
  }
}

/**
 * The step that MaxText's TFLOP/s a chip stands for: 6 a parameter and token, and attention counted without its mask (before July
 * 2025).
 */
function secondsOf(workload: Workload, tflops: number): number {
  const { model, run } = workload
  const tokens = run.global_batch * run.seq_len
  const terms = modelTerms(model)
  const attention = terms.kinds.reduce((sum, { attention, count }) => sum + 3 * count * (attention?.perPair ?? 0) * run.seq_len * tokens, 0)
  return (6 * terms.activeMatmul * tokens + attention) / (tflops * 1e12 * workload.slice.chips * workload.slices)
}

/** The job of a row; null when the table does not say enough. */
export function workloadOf(row: Row): Workload | null {
  const known = findModel(row.model ?? '')
  const topology = row.topology || shapes[row.note!.split(';')[0]!.trim()]
  if (!known || !topology || !row.seq || !row.gbs) return null
  const settings = rowSettings(row, { assumed: true })
  const int8 = row.dtype === 'int8' || row.dtype === 'fp8'
  const shape = slicesOf(topology)
  const experiment: Experiment = {
    id: row.id!,
    hardware: { chip: chipSchema.parse(row.chip), topology: shape.topology, slices: shape.slices },
    ...((row.framework && row.framework !== 'maxtext') || settings.framework === 'jax' ? { framework: 'jax' } : {}),
    phase: 'train',
    model: known.name,
    run: {
      global_batch: Number(row.gbs),
      seq_len: Number(row.seq),
      remat: row.remat || 'full',
      ...(weightTypes.safeParse(row.weight_dtype).success ? { weight_dtype: weightTypes.parse(row.weight_dtype) } : {}),
      ...(int8 ? { matmul_dtype: row.dtype as 'int8' | 'fp8' } : {}),
      ...settings.run,
    },
    mesh: meshOf(row),
    dcn: dcnOf(row),
  }
  return resolveWorkload(experiment, { findChip, findSlice, resolveModel })
}

const weightTypes = z.enum(['f32', 'bf16'])

/** Rows of the v5p table name their slice in the note; its usual shape. */
const shapes: Record<string, string> = {
  'v5p-128': '4x4x4',
  'v5p-256': '4x4x8',
  'v5p-512': '4x8x8',
  'v5p-1024': '8x8x8',
  'v5p-4096': '8x16x16',
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
