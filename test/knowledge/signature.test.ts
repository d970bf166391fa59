import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chips } from '../../src/contract/chip.ts'
import { cosine, signatureLength, type WorkloadFeatures, workloadSignature } from '../../src/knowledge/signature.ts'
import { sparseVector, wordsOf } from '../../src/knowledge/words.ts'
import { llama70b } from './entries.ts'

const features: fc.Arbitrary<WorkloadFeatures> = fc.record({
  chip: fc.constantFrom(...chips),
  phase: fc.constantFrom('train' as const, 'prefill' as const, 'decode' as const),
  devices: fc.option(fc.integer({ min: 1, max: 100_000 })),
  slices: fc.integer({ min: 1, max: 100 }),
  parameters: fc.option(fc.double({ min: 1e6, max: 1e13, noNaN: true })),
  activeParameters: fc.option(fc.double({ min: 1e6, max: 1e13, noNaN: true })),
  tokensPerDevice: fc.option(fc.double({ min: 0, max: 1e7, noNaN: true })),
  seqLen: fc.option(fc.integer({ min: 1, max: 1e7 })),
  bottleneck: fc.option(
    fc.constantFrom('compute' as const, 'hbm' as const, 'communication' as const, 'host' as const, 'capacity' as const, 'unknown' as const),
  ),
  kpis: fc.constant(null),
})

describe('workload signature', () => {
  it('is a unit vector of one length for every workload, and most like itself', () => {
    fc.assert(
      fc.property(features, features, (a, b) => {
        const [x, y] = [workloadSignature(a), workloadSignature(b)]
        expect(x).toHaveLength(signatureLength)
        expect(Math.hypot(...x)).toBeCloseTo(1, 6)
        expect(cosine(x, x)).toBeCloseTo(1, 6)
        expect(cosine(x, y)).toBeLessThanOrEqual(1 + 1e-9)
      }),
    )
  })

  it.each([
    ['devices', [64, 128, 512, 4096]],
    ['parameters', [70e9, 30e9, 7e9, 0.5e9]],
    ['seqLen', [4096, 8192, 32_768, 262_144]],
    ['tokensPerDevice', [16_384, 4096, 512, 16]],
    ['slices', [1, 2, 8, 32]],
  ] as const)('grows less alike as %s move apart', (name, values) => {
    const base = workloadSignature(llama70b)
    const likeness = values.map((value) => cosine(base, workloadSignature({ ...llama70b, [name]: value })))
    for (const [i, one] of likeness.slice(1).entries()) expect(one).toBeLessThan(likeness[i]! - 1e-4)
  })

  it('tells training from serving and a 2D chip from a 3D one', () => {
    const base = workloadSignature(llama70b)
    const like = (change: Partial<WorkloadFeatures>) => cosine(base, workloadSignature({ ...llama70b, ...change }))
    expect(like({ phase: 'decode' })).toBeLessThan(like({ chip: 'v6e' }))
    expect(like({ chip: 'v6e' })).toBeLessThan(like({ chip: 'v4' }))
  })
})

describe('words', () => {
  it('keep names whole and add their parts', () => {
    expect(wordsOf('save_qkv_proj on v5p 4x4x4 with Llama3.1-8B')).toEqual(
      expect.arrayContaining(['save_qkv_proj', 'qkv', 'proj', 'v5p', '4x4x4', 'llama3_1_8b', '8b']),
    )
  })

  it('make sparse vectors that Qdrant takes: sorted, distinct indices of 32 bits, positive values', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        const { indices, values } = sparseVector(text, 'entry')
        expect(indices).toHaveLength(values.length)
        expect(new Set(indices).size).toBe(indices.length)
        expect(indices.every((index) => Number.isInteger(index) && index >= 0 && index < 2 ** 32)).toBe(true)
        expect(values.every((value) => value > 0)).toBe(true)
      }),
    )
  })
})
