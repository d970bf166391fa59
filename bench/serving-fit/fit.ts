/**
 * `npm run fit:serving [-- --write]`: fits the constants of the serving engines to the public serving rows, one model left out at
 * a time, and prints the errors beside what a bandwidth bound alone would say.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Dtype } from '../../src/contract/experiment.ts'
import { toTuple } from '../../src/interconnect/mesh-tuple.ts'
import { placer } from '../../src/interconnect/physical-mesh.ts'
import { costModel } from '../../src/planner/cost-model.ts'
import { createFigures } from '../../src/planner/figures.ts'
import { gib } from '../../src/planner/footprint/memory-parts.ts'
import { modelTerms } from '../../src/planner/model/model-terms.ts'
import { type EngineConstants, engineConstants } from '../../src/planner/serving/engine-constants.ts'
import { dtypeBytes } from '../../src/planner/workload.ts'
import { rangeOf } from '../planner-fit/cross-validate.ts'
import { minimize } from '../planner-fit/minimize.ts'
import { writeTimeErrors } from '../planner-fit/time-ranges.ts'
import { meshOf, type ServingRow, servingRows } from './serving-rows.ts'

type Engines = Record<'vllm' | 'sglang', EngineConstants>

const rows = servingRows()
const none = toTuple({})

function stepMs(row: ServingRow, engines: Engines): number {
  const mesh = meshOf(row)
  return createFigures(row.workload, costModel, engines)(mesh, none, placer(row.workload.slice)(mesh)).timing.step * 1000
}

/** [cache share, layer µs, prefill share, host ms of vllm, of sglang, µs a request, µs a routed row], as logarithms. */
function enginesOf(x: readonly number[]): Engines {
  const [hbm, layer, prefill, vllm, sglang, request, moe] = x.map(Math.exp) as [number, number, number, number, number, number, number]
  const shared = {
    cache_efficiency: Math.min(1, hbm),
    layer_us: layer,
    prefill_efficiency: Math.min(1, prefill),
    request_us: request,
    routed_row_us: moe,
  }
  return {
    vllm: { ...engineConstants.vllm, ...shared, host_ms: vllm },
    sglang: { ...engineConstants.sglang, ...shared, host_ms: sglang },
  }
}

const start = [0.7, 50, 0.5, 2, 2, 20, 0.2].map(Math.log)

function fitted(train: readonly ServingRow[]): Engines {
  const loss = (x: readonly number[]) => {
    const engines = enginesOf(x)
    // a model weighs the same whatever the number of its rows; the pull to the start keeps what no row decides
    const byModel = new Map<string, number[]>()
    for (const row of train) {
      const error = Math.abs(Math.log(stepMs(row, engines) / row.measuredMs))
      byModel.set(row.model, [...(byModel.get(row.model) ?? []), error])
    }
    let sum = 0
    for (const errors of byModel.values()) sum += errors.reduce((a, b) => a + b, 0) / errors.length
    const pull = x.reduce((total, value, i) => total + 0.01 * (value - start[i]!) ** 2, 0)
    const over = Math.max(0, x[0]! - Math.log(0.95)) + Math.max(0, x[2]! - Math.log(0.9))
    return sum / byModel.size + pull + 10 * over
  }
  return enginesOf(minimize(loss, start))
}

/** Weights that a token visits and the cache, at the brochure's bandwidth over all devices. */
function boundMs({ workload }: ServingRow): number {
  const { model, run, chip, slice } = workload
  const bytes = modelTerms(model).activeMatmul * dtypeBytes[run.weight_dtype]
  const memory = createFigures(workload)(toTuple(workload.mesh!), none, placer(slice)(toTuple(workload.mesh!))).memory
  return (bytes / (chip.hbm_gbps * 1e9 * slice.chips) + (memory.kvCache * slice.devices) / (chip.hbm_gbps * 1e9 * slice.chips)) * 1000
}

const percent = (share: number) => `${(100 * share).toFixed(0)}%`
const errors: number[] = []
const bounds: number[] = []
const held: { row: { chip: string }; model: string; log: number }[] = []
console.log(
  '| row | model | engine | measured ms | predicted ms, model left out | error | bandwidth bound ms | GiB of available |\n|---|---|---|---|---|---|---|---|',
)
for (const row of rows) {
  const predicted = stepMs(row, fitted(rows.filter(({ model }) => model !== row.model)))
  const bound = boundMs(row)
  held.push({ row: { chip: row.workload.slice.chip }, model: row.model, log: Math.log(predicted / row.measuredMs) })
  errors.push(Math.abs(predicted / row.measuredMs - 1))
  bounds.push(Math.abs(bound / row.measuredMs - 1))
  const mesh = meshOf(row)
  const { memory } = createFigures(row.workload)(mesh, none, placer(row.workload.slice)(mesh))
  console.log(
    `| ${row.id} | ${row.model} | ${row.engine} | ${row.measuredMs} | ${predicted.toFixed(2)} | ${percent(predicted / row.measuredMs - 1)} | ${bound.toFixed(2)} | ${(memory.required / gib).toFixed(1)} of ${row.workload.chip.hbm_available_gib_per_device} |`,
  )
}
const median = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
const within = (values: readonly number[]) => values.filter((error) => error <= 0.3).length
console.log(
  `\nN = ${rows.length}, one model left out at a time: median error ${percent(median(errors))}, ${within(errors)} within 30%. Bandwidth bound alone: ${percent(median(bounds))}, ${within(bounds)} within 30%.`,
)
const range = rangeOf(held)
console.log(
  `90% range of measured over predicted: ${range.low.toFixed(2)} to ${range.high.toFixed(2)}; built without a row's model it holds ${range.inside} of ${range.total}.`,
)
const engines = fitted(rows)
for (const [name, c] of Object.entries(engines))
  console.log(
    `${name}: cache ${c.cache_efficiency.toFixed(3)}, layer ${c.layer_us.toFixed(1)} + ${c.routed_row_us.toFixed(3)} µs a routed row, prefill ${c.prefill_efficiency.toFixed(3)}, host ${c.host_ms.toFixed(2)} ms + ${c.request_us.toFixed(1)} µs a request`,
  )

// one job with other types of weights and cache: what a step reads must shrink as they do
const [job] = rows.filter(({ model }) => model === 'llama3.3-70b')
console.log(
  '\n| llama3.3-70b on v6e-8 | requests | weights | cache | step ms | of bf16 | bytes read, of bf16 |\n|---|---|---|---|---|---|---|',
)
for (const requests of [1, 64])
  for (const [weights, cache] of [
    ['f32', 'bf16'],
    ['bf16', 'bf16'],
    ['int8', 'bf16'],
    ['fp8', 'bf16'],
    ['fp8', 'fp8'],
    ['int4', 'fp8'],
  ] as const) {
    const of = (weight_dtype: Dtype, kv_dtype: Dtype): ServingRow => ({
      ...job!,
      workload: {
        ...job!.workload,
        run: { ...job!.workload.run, global_batch: requests, weight_dtype, kv_dtype, input_len: null, output_len: null },
      },
    })
    const [one, plain] = [of(weights, cache), of('bf16', 'bf16')]
    const ratio = stepMs(one, engines) / stepMs(plain, engines)
    console.log(
      `| | ${requests} | ${weights} | ${cache} | ${stepMs(one, engines).toFixed(2)} | ${ratio.toFixed(2)} | ${(boundMs(one) / boundMs(plain)).toFixed(2)} |`,
    )
  }

if (process.argv.includes('--write')) {
  const file = new URL('../../knowledge/serving-model.json', import.meta.url)
  const model: { engines: Record<string, Record<string, { value: number; source: string }>> } = JSON.parse(readFileSync(file, 'utf8'))
  for (const [name, constants] of Object.entries(model.engines)) {
    for (const [key, entry] of Object.entries(constants)) {
      if (entry.source.startsWith('fitted by')) entry.value = Number(engines[name as 'vllm'][key as keyof EngineConstants].toPrecision(4))
    }
  }
  writeFileSync(file, `${JSON.stringify(model, null, 2)}\n`)
  writeTimeErrors([{ kind: 'served', rows: held, range }])
}
