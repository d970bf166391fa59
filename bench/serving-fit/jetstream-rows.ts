import { readFileSync } from 'node:fs'
import { readTsv } from '../../scripts/read-tsv.ts'
import type { Dtype } from '../../src/contract/experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import type { ServedRow } from './served-row.ts'

const path = new URL('jetstream-rows.tsv', import.meta.url)

/** The runs of JetStream on a v5e-8: a step is as long as its requests take for a token each, prompts between them counted. */
export function jetstreamRows(): ServedRow[] {
  return readTsv(readFileSync(path, 'utf8')).map((row) => {
    const [batch, dtype] = [Number(row.batch), row.dtype as Dtype]
    const id = `${row.engine}-${row.model}-${dtype}-${batch}-${row.cache}`
    const workload = resolveWorkload(
      {
        id,
        framework: 'maxtext',
        hardware: { chip: 'v5e', topology: 'v5e-8' },
        phase: 'decode',
        model: row.model!,
        run: {
          global_batch: batch,
          seq_len: Number(row.cache),
          weight_dtype: dtype,
          kv_dtype: dtype,
          input_len: Number(row.input),
          output_len: Number(row.output),
        },
        mesh: { model: 8 },
      },
      { findChip, findSlice, resolveModel },
    )
    return { id, engine: 'maxtext', model: row.model!, workload, measuredMs: (batch / Number(row.tokens_per_second)) * 1000 }
  })
}
