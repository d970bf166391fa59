import { readFileSync } from 'node:fs'
import { axes, axisSize, type Mesh } from '../../src/contract/mesh.ts'
import type { CompiledResult } from './compiled-modules.ts'

/** A public measurement: which program, which mesh, how long a step took. */
export interface MeasuredRow {
  id: string
  group: string
  chip: string
  topology: string
  model: string
  seq: number
  batch: number
  dtype: string
  remat: string
  mesh: Mesh
  stepMs: number
  comparability: string
}

/** Measured training steps of one slice from the table of public measurements. */
export function measuredRows(file: string): MeasuredRow[] {
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const names = header.split('\t')
  return lines.flatMap((line) => {
    const cells = line.split('\t')
    const cell = (name: string) => cells[names.indexOf(name)] ?? ''
    // some rows state tokens a second and chip in place of the step
    const tokensPerSecond = Number(cell('tok_s_chip')) * Number(cell('chips'))
    const stepMs = cell('step_s') ? Number(cell('step_s')) * 1000 : (Number(cell('gbs')) * Number(cell('seq')) * 1000) / tokensPerSecond
    if (cell('status') !== 'ok' || cell('phase') !== 'train' || !(stepMs > 0 && stepMs < Number.POSITIVE_INFINITY) || cell('dcn') !== '')
      return []
    const mesh: Mesh = {
      replica: Number(cell('ici_data')),
      data: Number(cell('ici_fsdp')) * Number(cell('ici_fsdp_transpose')),
      seq: Number(cell('ici_seq_context')),
      model: Number(cell('ici_tensor')),
      expert: Number(cell('ici_expert')),
    }
    return [
      {
        id: cell('id'),
        group: cell('group_id'),
        chip: cell('chip'),
        topology: cell('topology'),
        model: cell('model'),
        seq: Number(cell('seq')),
        batch: Number(cell('gbs')),
        dtype: cell('dtype'),
        remat: cell('remat'),
        mesh,
        stepMs,
        comparability: cell('comparability'),
      },
    ]
  })
}

/**
 * Rows that measured the same model, batch, precision of products and mesh on the same slice as a compiled case without
 * accumulation; the remat policy may differ.
 */
export function rowsFor(result: CompiledResult, rows: readonly MeasuredRow[]): MeasuredRow[] {
  const topology = result.request.target.platform_topology.split(':')[1]
  const { global_batch: batch, seq_len: seq, matmul_dtype: dtype, microbatches } = result.request.run
  if (microbatches !== undefined && microbatches !== 1) return []
  return rows.filter(
    (row) =>
      row.dtype === (dtype ?? 'bf16') &&
      row.chip === result.chip &&
      row.topology === topology &&
      row.model === result.model &&
      row.seq === seq &&
      row.batch === batch &&
      axes.every((axis) => axisSize(row.mesh, axis) === axisSize(result.request.mesh, axis)),
  )
}
