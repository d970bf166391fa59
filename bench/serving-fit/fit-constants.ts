import { type ServingConstants, servingConstants } from '../../src/planner/serving/serving-constants.ts'
import { minimize } from '../planner-fit/minimize.ts'
import { type ServedRow, stepMs } from './served-row.ts'

/** A set of constants as the logarithms of a few numbers, where the search starts, and what a share may not exceed. */
export interface Form {
  start: readonly number[]
  constants: (x: readonly number[]) => ServingConstants
  /** By place in `x`. */
  atMost: Readonly<Record<number, number>>
}

/** [cache share, layer µs, prefill share, host ms of vLLM, of sglang, µs a request, µs a routed row, prefill attention share]. */
export const engineForm: Form = {
  start: [0.7, 50, 0.5, 2, 2, 20, 0.2, 0.1],
  atMost: { 0: 0.95, 2: 0.9, 7: 0.5 },
  constants: ([cache, layer, prefill, vllm, sglang, request, routed, attention]) => {
    const shared = {
      cache_efficiency: Math.min(1, cache!),
      layer_us: layer!,
      prefill_efficiency: Math.min(1, prefill!),
      request_us: request!,
      routed_row_us: routed!,
      attention_efficiency: attention!,
    }
    const { engines } = servingConstants
    return {
      ...servingConstants,
      engines: {
        vllm: { ...engines.vllm, ...shared, host_ms: vllm! },
        sglang: { ...engines.sglang, ...shared, host_ms: sglang! },
      },
    }
  },
}

/** [cache share, layer µs, host ms, µs a request, ms a prompt] of MaxText's loop. */
export const loopForm: Form = {
  start: [0.85, 30, 2, 50, 1],
  atMost: { 0: 0.98 },
  constants: ([cache, layer, host, request, prompt]) => ({
    ...servingConstants,
    maxtext: {
      ...servingConstants.maxtext,
      cache_efficiency: Math.min(1, cache!),
      layer_us: layer!,
      host_ms: host!,
      request_us: request!,
      prompt_ms: prompt!,
    },
  }),
}

/** The constants of a form that fit rows best; a model weighs the same whatever the number of its rows. */
export function fitted({ start, constants, atMost }: Form, rows: readonly ServedRow[]): ServingConstants {
  const from = start.map(Math.log)
  const at = (x: readonly number[]) => constants(x.map(Math.exp))
  const loss = (x: readonly number[]) => {
    const one = at(x)
    const byModel = Map.groupBy(rows, ({ model }) => model)
    let sum = 0
    for (const of of byModel.values())
      sum += of.reduce((total, row) => total + Math.abs(Math.log(stepMs(row, one) / row.measuredMs)), 0) / of.length
    // the pull to the start keeps what no row decides
    const pull = x.reduce((total, value, i) => total + 0.01 * (value - from[i]!) ** 2, 0)
    const over = Object.entries(atMost).reduce((total, [i, limit]) => total + Math.max(0, x[Number(i)]! - Math.log(limit)), 0)
    return sum / byModel.size + pull + 10 * over
  }
  return at(minimize(loss, from))
}

/** Every row as constants that never saw its model predict it, milliseconds. */
export function heldBack(form: Form, rows: readonly ServedRow[]): { row: ServedRow; predictedMs: number }[] {
  const without = new Map<string, ServingConstants>()
  return rows.map((row) => {
    const others = rows.filter(({ model }) => model !== row.model)
    const constants = without.get(row.model) ?? fitted(form, others)
    without.set(row.model, constants)
    return { row, predictedMs: stepMs(row, constants) }
  })
}
