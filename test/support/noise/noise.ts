import type { ProfileReport } from '../../../src/contract/profile-report.ts'
import { PromptsError } from '../../../src/errors.ts'
import { randomNumbers } from '../../../src/numbers/random-numbers.ts'
import { defaultLimits } from '../../../src/profile/limits.ts'
import type { SpaceReading } from '../../../src/profile/read-space.ts'
import { readSpace } from '../../../src/profile/read-space.ts'
import { assemble } from '../../../src/profile/report.ts'
import { fromBytes } from '../../../src/profile/xspace/byte-source.ts'
import type { ProfileKind } from '../profile-kinds.ts'
import type { ProfileSpec } from '../synthetic-profile.ts'
import { syntheticProfile } from '../synthetic-profile.ts'

export const rates = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5] as const

export const noises = [
  {
    name: 'events',
    title: 'Events dropped',
    about: 'That share of the ops, of the asynchronous ops and of the program runs is missing, at random.',
  },
  { name: 'steps', title: 'Steps dropped', about: 'That share of the steps is missing with all that ran in them.' },
  { name: 'hosts', title: 'Hosts dropped', about: 'Of four hosts, that share has a file that breaks off (at least one above 0%).' },
  {
    name: 'stats',
    title: 'Stats dropped',
    about: 'That share of what is said of ops (flops, bytes, category, program) is missing, at random.',
  },
  { name: 'jitter', title: 'Jitter', about: 'Op times, and whole steps, vary by up to that share either way.' },
] as const
export type Noise = (typeof noises)[number]['name']

/** Reads the profile worsened by `rate` of a noise. */
export async function withNoise(kind: ProfileKind, noise: Noise, rate: number, seed: number): Promise<ProfileReport> {
  const spaces: SpaceReading[] = []
  let missingHosts = 0
  const broken = noise === 'hosts' && rate > 0 ? Math.min(kind.hosts.length - 1, Math.ceil(rate * kind.hosts.length)) : 0
  for (const [index, spec] of kind.hosts.entries()) {
    const bytes = syntheticProfile(noisy(spec, noise, rate, seed * 100 + index))
    const given = index < broken ? bytes.subarray(0, bytes.length / 2) : bytes
    try {
      spaces.push(await readSpace(fromBytes(spec.hostname, given), { host: spec.hostname, limits: defaultLimits }))
    } catch (error) {
      if (!(error instanceof PromptsError)) throw error
      missingHosts++
    }
  }
  return await assemble(kind.name, spaces, { limits: defaultLimits, missingHosts, notes: [], mesh: null })
}

function noisy(spec: ProfileSpec, noise: Noise, rate: number, seed: number): ProfileSpec {
  const random = randomNumbers(seed)
  switch (noise) {
    case 'events':
      return { ...spec, filter: (line) => line === 'Steps' || random() >= rate }
    case 'steps': {
      const gone = new Set(Array.from({ length: spec.steps }, (_, step) => step).filter(() => random() < rate))
      return { ...spec, filter: (_line, step) => !gone.has(step) }
    }
    case 'stats':
      return { ...spec, keepStat: () => random() >= rate }
    case 'jitter':
      return { ...spec, seed, jitter: rate, stepJitter: rate }
    default:
      return spec
  }
}
