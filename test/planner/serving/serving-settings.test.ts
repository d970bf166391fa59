import { describe, expect, it } from 'vitest'
import type { Experiment } from '../../../src/contract/experiment.ts'
import { resolveWorkload } from '../../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../../src/knowledge/data/catalog.ts'
import { verdictOfMesh } from '../../../src/planner/verdict-of.ts'

const served = (
  flags: Experiment['run']['flags'] = {},
  run: Partial<Experiment['run']> = {},
  framework: Experiment['framework'] = 'vllm',
) =>
  resolveWorkload(
    {
      ...{ id: 'served', framework, hardware: { chip: 'v6e', topology: 'v6e-8' }, phase: 'decode', model: 'llama3.1-70b' },
      run: { global_batch: 64, seq_len: 3072, input_len: 2048, output_len: 1024, ...run, flags },
    },
    openCatalog(),
  )
const estimateOf = (...parts: Parameters<typeof served>) => verdictOfMesh(served(...parts), { model: 8 }).estimate!

describe("an engine's own settings", () => {
  it('leave what they set of the memory to weights and cache', () => {
    const memoryOf = (flags: Experiment['run']['flags']) => verdictOfMesh(served(flags), { model: 8 }).memory!
    expect(memoryOf({ gpu_memory_utilization: 0.98 }).required_gib).toBeLessThan(memoryOf({}).required_gib)
    expect(memoryOf({ gpu_memory_utilization: 0.5 }).margin).toBeLessThan(0)
  })

  it('bound the tokens of a step and the requests that run', () => {
    // prompts in small pieces wait longer for their end
    expect(estimateOf({ max_num_batched_tokens: 128 }).ttft_ms!).toBeGreaterThan(2 * estimateOf({ max_num_batched_tokens: 4096 }).ttft_ms!)
    // half of the requests wait for the other half, which are answered faster
    const halved = estimateOf({ max_num_seqs: 32 })
    expect(halved.tpot_ms!).toBeLessThan(estimateOf({}).tpot_ms!)
    expect(halved.ttft_ms!).toBeGreaterThan(10 * estimateOf({}).ttft_ms!)
  })

  it('are counted, those of another engine are named, and what is no number is refused', () => {
    const notes = (...parts: Parameters<typeof served>) => (served(...parts).notes ?? []).join('\n')
    expect(notes({ max_num_batched_tokens: 2048, gpu_memory_utilization: '0.95' })).not.toMatch(/not modelled/)
    expect(notes({ chunked_prefill_size: 2048 })).toMatch(/not modelled.*chunked_prefill_size/)
    expect(notes({ chunked_prefill_size: 2048 }, {}, 'sglang')).not.toMatch(/not modelled/)
    expect(() => served({ max_num_batched_tokens: 'many' })).toThrow(/max_num_batched_tokens "many" is no whole number/)
    expect(() => served({ gpu_memory_utilization: 1.5 })).toThrow(/no share/)
    expect(() => served({ random_range_ratio: 1 })).toThrow(/no share/)
  })
})

describe('the lengths of requests', () => {
  it('spread as the run says, or as is assumed aloud', () => {
    expect(served().notes?.at(-1)).toMatch(
      /^lengths vary by ±50%: 1024 to 3072 tokens in, 512 to 1536 tokens out \(.*random_range_ratio for another\)/,
    )
    expect(served({ random_range_ratio: 0.25 }).notes?.at(-1)).toMatch(/±25%: 1536 to 2560 tokens in, 768 to 1280 tokens out$/)
    expect(served({ random_range_ratio: 0 }).notes?.at(-1)).toMatch(/all as long as given/)
    const [alike, wide] = [estimateOf({ random_range_ratio: 0 }), estimateOf({ random_range_ratio: 0.9 })]
    expect(wide.ttft_p99_ms!).toBeGreaterThan(alike.ttft_p99_ms!)
    expect(wide.step_time_ms).toBe(alike.step_time_ms)
  })
})

describe("MaxText's decoding", () => {
  it('says that it is counted without scanned layers, and no latencies where they are', () => {
    const notes = (flags: Experiment['run']['flags']) => served(flags, {}, 'maxtext').notes ?? []
    expect(notes({})).toEqual([expect.stringMatching(/scan_layers=false/), expect.stringMatching(/lengths vary/)])
    expect(notes({ scan_layers: true })).toEqual([])
  })
})

describe('a cache that holds fewer requests than are in flight', () => {
  it('makes the others wait, and says so', () => {
    const run = { global_batch: 400, concurrency: 400 }
    const { estimate, memory, warnings } = verdictOfMesh(served({}, run), { model: 8 })
    expect(memory?.fits).toBe(false)
    expect(warnings.find(({ rule }) => rule === 'cache_full')?.message).toMatch(
      /holds \d+ of 400 requests at once: .* ttft and tpot count that/,
    )
    expect(estimate!.tpot_ms!).toBeLessThan(estimate!.step_time_ms)
    // a wave of answers and more goes by before one that waits begins
    expect(estimate!.ttft_ms!).toBeGreaterThan(1000 * estimate!.tpot_ms!)
  })

  it('of which not one fits has no latencies', () => {
    const { estimate } = verdictOfMesh(served({ gpu_memory_utilization: 0.3 }), { model: 8 })
    expect(estimate?.tpot_p99_ms).toBeNull()
  })
})
