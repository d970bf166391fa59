import { readFileSync } from 'node:fs'
import { readTsv } from '../../scripts/read-tsv.ts'
import type { Dtype } from '../../src/contract/experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import type { ServedRow } from './served-row.ts'

const path = new URL('../../../shared/data/measured2.tsv', import.meta.url)

/** The serving rows; the lengths of requests stand in the note, and a median ITL holds no prefill. */
export function servingRows(): ServedRow[] {
  return readTsv(readFileSync(path, 'utf8'))
    .filter((row) => row.phase === 'decode' && row.status === 'ok' && row.comparability?.startsWith('serving'))
    .map((row) => {
      const lengths = /(\d+)(k?)\/(\d+)(k?)/.exec(row.note ?? '')
      const tokens = (digits: string, k: string) => Number(digits) * (k === 'k' ? 1024 : 1)
      const mixed = lengths !== null && !/\bITL\b;|median ITL;|batch \d+ ITL/.test(row.note ?? '')
      const tensor = Number(row.ici_tensor)
      const workload = resolveWorkload(
        {
          id: row.id!,
          framework: row.framework as 'vllm' | 'sglang',
          hardware: { chip: row.chip as 'v6e', topology: row.topology! },
          phase: 'decode',
          model: row.model!,
          run: {
            global_batch: Number(row.gbs),
            seq_len: Number(row.seq),
            weight_dtype: row.weight_dtype as Dtype,
            kv_dtype: row.kv_dtype as Dtype,
            matmul_dtype: row.dtype as Dtype,
            ...(mixed ? { input_len: tokens(lengths[1]!, lengths[2]!), output_len: tokens(lengths[3]!, lengths[4]!) } : {}),
          },
          mesh: { model: tensor },
        },
        { findChip, findSlice, resolveModel },
      )
      return { id: row.id!, engine: row.framework as 'vllm', model: row.model!, workload, measuredMs: Number(row.step_s) * 1000 }
    })
}
