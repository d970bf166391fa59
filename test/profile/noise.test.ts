import { describe, expect, it } from 'vitest'
import { withNoise } from '../support/noise/noise.ts'
import { cases } from '../support/noise/noise-cases.ts'

const chosen = cases().filter((each) => ['hbm-decode', 'communication-tensor', 'host-infeed'].includes(each.name))

describe('incomplete and noisy profiles', () => {
  it.each(['events', 'steps', 'hosts', 'stats'] as const)(
    'with 20% of %s missing keep their diagnosis and lose confidence',
    async (noise) => {
      for (const each of chosen) {
        const whole = (await withNoise(each, noise, 0, 1)).bottleneck
        const { bottleneck, notes } = await withNoise(each, noise, 0.2, 1)
        expect(bottleneck.class, each.name).toBe(each.class)
        expect(bottleneck.confidence, each.name).toBeLessThan(whole.confidence - 0.05)
        if (noise === 'steps') expect(notes.join(' ')).toMatch(/skips step numbers/)
      }
    },
  )
})
