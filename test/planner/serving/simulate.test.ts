import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { simulateServing } from '../../../src/planner/serving/simulate.ts'
import { cpuMs } from '../../support/cpu-ms.ts'

const law = { base: 0.01, perRequest: 0.0001, perPrefillToken: 0.00001 }

describe('simulateServing', () => {
  it('of one request at a time is the step, and a prompt that fits one step', () => {
    const served = simulateServing(law, { inputLen: 500, outputLen: 100, concurrency: 1, batchedTokens: 2048, requests: 20 })
    expect(served.tpot).toBeCloseTo(law.base + law.perRequest, 9)
    expect(served.tpotP99).toBeCloseTo(served.tpot, 9)
    expect(served.ttft).toBeCloseTo(law.base + 500 * law.perPrefillToken, 9)
  })

  it('at saturation gives the throughput of a step with its share of prefill', () => {
    const mix = { inputLen: 1000, outputLen: 200, concurrency: 64, batchedTokens: 8192, requests: 2000 }
    const served = simulateServing(law, mix)
    // every step holds 64 running requests, and 64 × 1000 ÷ 200 tokens of prompts that arrive
    const bound = law.base + 64 * law.perRequest + ((64 * mix.inputLen) / mix.outputLen) * law.perPrefillToken
    expect(served.tpot / bound).toBeGreaterThan(0.95)
    expect(served.tpot / bound).toBeLessThan(1.05)
  })

  it('never has a p99 below its median, and waits longer with longer prompts', () => {
    const sizes = { inputLen: fc.integer({ min: 1, max: 4000 }), outputLen: fc.integer({ min: 1, max: 300 }) }
    const mixes = fc.record({ ...sizes, concurrency: fc.integer({ min: 1, max: 100 }), batchedTokens: fc.integer({ min: 64, max: 4096 }) })
    fc.assert(
      fc.property(mixes, (mix) => {
        const served = simulateServing(law, { ...mix, requests: 300 })
        expect(served.ttftP99).toBeGreaterThanOrEqual(served.ttft)
        expect(served.tpotP99).toBeGreaterThanOrEqual(served.tpot)
        expect(served.tpot).toBeGreaterThan(0)
        const longer = simulateServing(law, { ...mix, inputLen: 4 * mix.inputLen, requests: 300 })
        expect(longer.ttft).toBeGreaterThan(served.ttft * 0.999)
      }),
      { numRuns: 60 },
    )
  })

  it('serves ten thousand requests in under 200 ms', async () => {
    const serve = () => simulateServing(law, { inputLen: 1000, outputLen: 500, concurrency: 128, batchedTokens: 2048, requests: 10_000 })
    const tries = [await cpuMs(serve), await cpuMs(serve), await cpuMs(serve)]
    expect(Math.min(...tries)).toBeLessThan(200)
  })
})
