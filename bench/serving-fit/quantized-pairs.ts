import { readFileSync } from 'node:fs'
import { readTsv } from '../../scripts/read-tsv.ts'
import type { Dtype } from '../../src/contract/experiment.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { resolveModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { servedLatency } from '../../src/planner/serving/request-mix.ts'
import type { ServingConstants } from '../../src/planner/serving/serving-constants.ts'
import type { ServedLatency } from '../../src/planner/serving/simulate.ts'
import { figuresOf, type ServedRow } from './served-row.ts'

const path = new URL('quantized-pairs.tsv', import.meta.url)

/** One half of a pair: a step with as many requests as ran at once, and what its server answered a second. */
export interface QuantizedRow extends ServedRow {
  requestsPerSecond: number
}

/** One job with plain and with quantized weights on one chip. */
export function quantizedRows(): QuantizedRow[] {
  return readTsv(readFileSync(path, 'utf8')).map((row) => {
    const [input, output, measuredMs, requestsPerSecond] = [row.input, row.output, row.tpot_ms, row.requests_per_second].map(Number) as [
      number,
      number,
      number,
      number,
    ]
    const id = `${row.model}-${row.weights}`
    const workload = resolveWorkload(
      {
        id,
        framework: 'vllm',
        hardware: { chip: row.chip as 'v6e', topology: '1x1' },
        phase: 'decode',
        model: row.model!,
        run: {
          global_batch: Math.round((requestsPerSecond * output * measuredMs) / 1000),
          seq_len: Math.round(input + output / 2),
          weight_dtype: row.weights as Dtype,
          matmul_dtype: row.matmul as Dtype,
          input_len: input,
          output_len: output,
          concurrency: 1000,
          flags: { max_num_batched_tokens: Number(row.batched_tokens), max_num_seqs: Number(row.running_limit), random_range_ratio: 0 },
        },
        mesh: {},
      },
      { findChip, findSlice, resolveModel },
    )
    return { id, engine: 'vllm', model: row.model!, workload, measuredMs, requestsPerSecond }
  })
}

/** What the simulation of the scheduler makes of such a job, whose cache decides how many requests run. */
export function servedBy(row: QuantizedRow, constants: ServingConstants): ServedLatency {
  const { timing, memory } = figuresOf(row, constants)
  return servedLatency(row.workload, { law: timing.law, memory, replicas: 1 })!
}
