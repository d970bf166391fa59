import { describe, expect, it } from 'vitest'
import { leastChannelMs, percentile } from '../../support/load/least-time.ts'
import { runLoad } from '../../support/load/run-load.ts'

describe('the load test, small', () => {
  it('24 mentions in 2 s over 8 channels: each answered once, in order, within the limits', { timeout: 180_000 }, async () => {
    const result = await runLoad({
      ...{
        mentions: 24,
        seconds: 2,
        channels: 8,
        crash: false,
        redis: false,
        compiler: true,
        retryAfterMs: [1000, 5000],
        deadlineSeconds: 120,
      },
      say: () => {},
    })
    console.log(
      `ack 99th percentile ${result.ackP99Ms.toFixed(0)} ms; last answer ${result.lastAnswerSeconds.toFixed(1)} s, least ${result.leastSeconds.toFixed(1)} s`,
    )
    expect(result.wrong).toEqual([])
    expect(result.violations).toEqual([])
    expect(result.duplicates).toBeGreaterThan(0)
    expect(result.lastAnswerSeconds).toBeGreaterThanOrEqual(result.leastSeconds - 1)
    // one that asks after the others waits its turn, not for a minute's limit of edits
    expect(result.lastAnswerSeconds).toBeLessThan(result.leastSeconds + 50)
  })

  it('knows the least time that the limits allow', () => {
    expect(leastChannelMs([0], 4, 1000)).toBe(3000)
    expect(leastChannelMs([0, 0], 4, 1000)).toBe(7000)
    expect(leastChannelMs([0, 10_000], 4, 1000)).toBe(13_000)
    expect(leastChannelMs([], 4, 1000)).toBe(0)
    expect(percentile([1, 2, 3, 4], 0.99)).toBe(4)
    expect(percentile([3, 1, 2], 0.5)).toBe(2)
  })
})
