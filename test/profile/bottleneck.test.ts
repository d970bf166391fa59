import { describe, expect, it } from 'vitest'
import { noAccount } from '../../src/profile/accounts.ts'
import { bottleneckOf, percent } from '../../src/profile/bottleneck.ts'
import type { Findings } from '../../src/profile/findings.ts'
import { summarizeSteps } from '../../src/profile/steps.ts'

function findings(shares: Partial<Findings['shares']>, more: Partial<Findings> = {}): Findings {
  const steps = Array.from({ length: 10 }, (_, id) => ({ id, durationPs: 1e11, timePs: 1e11 }))
  return {
    kpis: {
      step_time_ms: 100, duty_cycle: 0.9, mxu_utilization: null, hbm_bandwidth_utilization: 0.2, communication_share: null,
      exposed_communication_share: null, roofline_efficiency: 0.5, peak_hbm_gib: null, mfu: null,
    }, // biome-ignore format: a table
    shares: { ...noAccount, ...shares },
    bounds: { compute: 0.9, hbm: 0.1, unknown: 0 },
    topOps: [],
    roofline: { peak_tflops: 918, peak_hbm_gbps: 1638, ridge_flop_per_byte: 560, points: [] },
    steps: summarizeSteps([{ steps }]),
    quality: {
      missing: 0, missingSteps: 0, unstated: 0, unknownOps: 0, missingHosts: 0, hostsWithoutDevices: 0, dropped: false, stretched: false, slow: 0,
      noTimeline: false,
    }, // biome-ignore format: a table
    activities: [],
    waiting: [],
    ...more,
  }
}

describe('bottleneckOf', () => {
  it('puts waiting for the host before communication, and names the other', () => {
    expect(bottleneckOf(findings({ idle: 0.35, inFlight: 0.25, exposed: 0.25 }))).toMatchObject({
      class: 'host',
      also: ['communication', 'compute'],
    })
  })

  it('names a class that comes to 0.7 of its threshold, and none that comes to 0.5', () => {
    expect(bottleneckOf(findings({ idle: 0.21, exposed: 0.14, inFlight: 0.14 })).also).toEqual(['host', 'communication'])
    expect(bottleneckOf(findings({ idle: 0.15, exposed: 0.1, inFlight: 0.1 })).also).toEqual([])
  })

  it('takes a collective in flight for long only where it leads the ops', () => {
    const op = { name: 'a', category: 'all-reduce', self_ms: 1, share: 0.3, flops: 0, bytes: 0, source: null }
    const hidden = { inFlight: 0.35, exposed: 0.1 }
    expect(bottleneckOf(findings(hidden)).class).toBe('compute')
    expect(bottleneckOf(findings(hidden, { topOps: [{ ...op, bound_by: 'communication' }] })).class).toBe('communication')
  })

  it('blames nobody for a barrier', () => {
    const bottleneck = bottleneckOf(findings({ barrier: 0.4 }))
    expect(bottleneck.class).toBe('compute')
    expect(bottleneck.evidence.join(' ')).toContain('40% of the step waits in a barrier for other devices')
  })

  it.each([
    ['dropped', { dropped: true }],
    ['stretched', { stretched: true }],
    ['slow', { slow: 0.5 }],
    ['hosts', { hostsWithoutDevices: 0.5 }],
  ])('is less sure: %s', (_, worse) => {
    const sure = findings({})
    expect(bottleneckOf({ ...sure, quality: { ...sure.quality, ...worse } }).confidence).toBeLessThan(bottleneckOf(sure).confidence - 0.05)
  })

  it('writes percentages as people do', () => {
    expect([0.84, 0.043, 0.004, 0].map(percent)).toEqual(['84%', '4.3%', '0.4%', '0%'])
  })
})
