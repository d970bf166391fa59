import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { certaintyOf, fitProbability, type MemoryKind, memoryKindOf } from '../../src/planner/memory-probability.ts'

const kinds: MemoryKind[] = ['dense', 'dropping', 'dropless', 'offload', 'pipeline', 'serving']
const run = { remat: 'full', flags: {}, moe: 'dropless' }
const job = (phase: string, moeLayers: number, more: Record<string, unknown> = {}) =>
  ({ phase, model: { moeLayers }, run: { ...run, ...more } }) as unknown as Parameters<typeof memoryKindOf>[0]

describe('fitProbability', () => {
  it('falls with the margin and stays a probability', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...kinds),
        fc.double({ min: -5, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (kind, margin, less) => {
          const probability = fitProbability(margin, kind)
          expect(probability).toBeGreaterThanOrEqual(0)
          expect(probability).toBeLessThanOrEqual(1)
          expect(fitProbability(margin - less, kind)).toBeLessThanOrEqual(probability)
        },
      ),
    )
  })

  it('is about even at the limit, sure far from it, and unsure in between', () => {
    for (const kind of kinds) {
      expect(Math.abs(fitProbability(0, kind) - 0.5)).toBeLessThan(0.4)
      expect(certaintyOf(fitProbability(0, kind))).toBe('near')
      expect(certaintyOf(fitProbability(0.6, kind))).toBe('clear')
      expect(certaintyOf(fitProbability(-1, kind))).toBe('no')
    }
  })
})

describe('memoryKindOf', () => {
  it('tells programs apart by what makes their memory hard to predict', () => {
    expect(memoryKindOf(job('train', 0), 1)).toBe('dense')
    expect(memoryKindOf(job('train', 8), 1)).toBe('dropless')
    expect(memoryKindOf(job('train', 8, { moe: 'dropping' }), 1)).toBe('dropping')
    expect(memoryKindOf(job('train', 8), 4)).toBe('pipeline')
    expect(memoryKindOf(job('train', 0, { remat: 'qkv_proj_offloaded' }), 1)).toBe('offload')
    expect(memoryKindOf(job('train', 0, { remat: 'custom', flags: { out_proj: 'offload' } }), 1)).toBe('offload')
    expect(memoryKindOf(job('train', 0, { flags: { optimizer_memory_host_offload: 'True' } }), 1)).toBe('offload')
    expect(memoryKindOf(job('decode', 0), 1)).toBe('serving')
  })
})
