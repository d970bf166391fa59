import { describe, expect, it } from 'vitest'
import type { ProfileReport } from '../../src/contract/profile-report.ts'
import { defaultLimits } from '../../src/profile/limits.ts'
import { readSpace } from '../../src/profile/read-space.ts'
import { assemble } from '../../src/profile/report.ts'
import { fromBytes } from '../../src/profile/xspace/byte-source.ts'
import type { Mix } from '../support/bottleneck-mix.ts'
import { bottleneckMixes } from '../support/bottleneck-mix.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'

const { alone, pairs } = bottleneckMixes()

async function reportOf(mix: Mix): Promise<ProfileReport> {
  const spaces = await Promise.all(
    mix.hosts.map((spec) => readSpace(fromBytes(spec.hostname, syntheticProfile(spec)), { host: spec.hostname, limits: defaultLimits })),
  )
  return await assemble(mix.name, spaces, { limits: defaultLimits, missingHosts: 0, notes: [], mesh: null })
}

describe('what holds a job back', () => {
  it.each(alone)('$name is $expected', async (mix) => {
    const report = await reportOf(mix)
    expect(report.bottleneck.class, report.bottleneck.evidence.join('; ')).toBe(mix.expected)
    const late = mix.name.includes('one host')
    if (late) expect(report.skew[0]?.device).toBe('host-a')
    // No op beyond the FLOPs a byte that its shapes have, no training step at a hundredth of the bandwidth.
    if (mix.name === 'training') expect(report.kpis.hbm_bandwidth_utilization).toBeGreaterThan(0.05)
  })

  it('finds the one that comes first of two', async () => {
    // Every fifth pair here; bench/confusion has them all, with noise.
    for (const mix of pairs.filter((_, index) => index % 5 === 0)) {
      const report = await reportOf(mix)
      expect([report.bottleneck.class, ...report.bottleneck.also], mix.name).toContain(mix.expected)
      expect(report.bottleneck.class, `${mix.name}: ${report.bottleneck.evidence.join('; ')}`).toBe(mix.expected)
    }
  }, 60_000)
})
