import type { Dtype } from '../../src/contract/experiment.ts'
import type { ServingConstants } from '../../src/planner/serving/serving-constants.ts'
import { engineForm, fitted, heldBack, loopForm } from './fit-constants.ts'
import { quantizedRows, servedBy } from './quantized-pairs.ts'
import { boundMs, type ServedRow, stepMs } from './served-row.ts'

/** What quantized weights bring: of public runs of one job in both types, then of one job in every type. */
export function printQuantized(given: {
  engines: ServingConstants
  engineRows: readonly ServedRow[]
  loopRows: readonly ServedRow[]
}): void {
  console.log(
    '\n## Quantized against bf16\n\n| job | slice | measured, times the tokens a second of bf16 | predicted, model left out | bandwidth bound |\n|---|---|---|---|---|',
  )
  printEnginePair(given.engineRows)
  printLoopPairs(given.loopRows)
  printTypes(given.engines, given.engineRows)
}

const times = (ratio: number) => ratio.toFixed(2)

/** Requests a second through the simulation of the scheduler: the cache decides how many run. */
function printEnginePair(rows: readonly ServedRow[]): void {
  const [plain, quantized] = quantizedRows()
  if (plain === undefined || quantized === undefined) return
  const constants = fitted(
    engineForm,
    rows.filter(({ model }) => model !== plain.model),
  )
  const [before, after] = [plain, quantized].map((row) => servedBy(row, constants).outputTokensPerSecond / row.workload.run.output_len!)
  const measured = quantized.requestsPerSecond / plain.requestsPerSecond
  const bound = boundMs(plain) / plain.workload.run.global_batch / (boundMs(quantized) / quantized.workload.run.global_batch)
  console.log(
    `| ${plain.model}, vLLM, 1,000 requests: ${before!.toFixed(2)} and ${after!.toFixed(2)} requests a second for ${plain.requestsPerSecond} and ${quantized.requestsPerSecond} | v6e-1 | ${times(measured)} | ${times(after! / before!)} | ${times(bound)} |`,
  )
}

function printLoopPairs(rows: readonly ServedRow[]): void {
  const held = heldBack(loopForm, rows)
  for (const { row, predictedMs } of held) {
    const { run } = row.workload
    const plain = held.find(
      (other) =>
        other.row.model === row.model && other.row.workload.run.weight_dtype === 'bf16' && other.row.workload.run.seq_len === run.seq_len,
    )
    if (run.weight_dtype === 'bf16' || plain === undefined) continue
    const ratio = (now: number, before: number) => run.global_batch / now / (plain.row.workload.run.global_batch / before)
    console.log(
      `| ${row.model}, JetStream, places of ${run.seq_len}: ${plain.row.workload.run.global_batch} requests, then ${run.global_batch} | v5e-8 | ${times(ratio(row.measuredMs, plain.row.measuredMs))} | ${times(ratio(predictedMs, plain.predictedMs))} | ${times(ratio(boundMs(row), boundMs(plain.row)))} |`,
    )
  }
}

/** One job with other types of weights and cache: what a step reads must shrink as they do. */
function printTypes(constants: ServingConstants, rows: readonly ServedRow[]): void {
  const job = rows.find(({ model }) => model === 'llama3.3-70b')
  if (job === undefined) return
  console.log(
    '\n| llama3.3-70b on v6e-8 | requests | weights | cache | step ms | of bf16 | bytes read, of bf16 |\n|---|---|---|---|---|---|---|',
  )
  const of = (requests: number, weights: Dtype, cache: Dtype): ServedRow => {
    const run = { ...job.workload.run, global_batch: requests, weight_dtype: weights, kv_dtype: cache, input_len: null, output_len: null }
    return { ...job, workload: { ...job.workload, run } }
  }
  for (const requests of [1, 64])
    for (const [weights, cache] of [
      ['f32', 'bf16'],
      ['bf16', 'bf16'],
      ['int8', 'bf16'],
      ['fp8', 'bf16'],
      ['fp8', 'fp8'],
      ['int4', 'fp8'],
    ] as const) {
      const [one, plain] = [of(requests, weights, cache), of(requests, 'bf16', 'bf16')]
      const ratio = stepMs(one, constants) / stepMs(plain, constants)
      console.log(
        `| | ${requests} | ${weights} | ${cache} | ${stepMs(one, constants).toFixed(2)} | ${times(ratio)} | ${times(boundMs(one) / boundMs(plain))} |`,
      )
    }
}
