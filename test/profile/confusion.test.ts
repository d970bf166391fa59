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

/** Who is late, and with what. */
function lateWords(name: string): string {
  if (name.includes('link')) return 'longer per step in all-gather.link than the others: its link is slow'
  return name.includes('input') ? 'host host-a starts its work' : 'host host-a computes'
}

describe('what holds a job back', () => {
  it.each(alone)('$name is $expected', async (mix) => {
    const report = await reportOf(mix)
    expect(report.bottleneck.class, report.bottleneck.evidence.join('; ')).toBe(mix.expected)
    const late = mix.name.includes('one host')
    if (late) expect(report.bottleneck.evidence[0]).toContain(lateWords(mix.name))
    if (late && !mix.name.includes('link')) expect(report.skew[0]?.device).toBe('host-a')
    // No op beyond the FLOPs a byte that its shapes have, no training step at a hundredth of the bandwidth.
    if (mix.name === 'training') expect(report.kpis.hbm_bandwidth_utilization).toBeGreaterThan(0.05)
  })

  it('names no slow link where half of the devices are against the other half', async () => {
    const mix = alone.find(({ name }) => name === 'training + one host’s link is slow') as Mix
    const report = await reportOf({ ...mix, hosts: mix.hosts.slice(0, 2) })
    expect(report.bottleneck.class).toBe('communication')
    expect(report.bottleneck.evidence.join()).not.toContain('its link is slow')
  })

  it('finds the one that comes first of two', async () => {
    // Every fifth pair here; bench/confusion has them all, with noise.
    for (const mix of pairs.filter((_, index) => index % 5 === 0)) {
      const report = await reportOf(mix)
      expect([report.bottleneck.class, ...report.bottleneck.also], mix.name).toContain(mix.expected)
      expect(report.bottleneck.class, `${mix.name}: ${report.bottleneck.evidence.join('; ')}`).toBe(mix.expected)
    }
  })
})
