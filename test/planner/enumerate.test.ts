import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countFactorings, divisorsOf, forEachFactoring } from '../../src/planner/enumerate.ts'

describe('the space', () => {
  it('is as large as it is counted', () => {
    expect(countFactorings(256, 4)).toBe(165)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (n) => {
        let count = 0
        forEachFactoring(n, () => void count++)
        expect(count).toBe(countFactorings(n))
      }),
    )
  })

  it('visits every factoring once, in order, each with the right product', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 360 }), (n) => {
        const seen: string[] = []
        let last: number[] = []
        forEachFactoring(n, (tuple) => {
          expect(tuple.reduce((a, b) => a * b, 1)).toBe(n)
          const differ = tuple.findIndex((size, i) => size !== last[i])
          if (last.length > 0) expect(tuple[differ]! > last[differ]!).toBe(true)
          last = [...tuple]
          seen.push(tuple.join())
        })
        expect(new Set(seen).size).toBe(seen.length)
      }),
      { numRuns: 40 },
    )
  })

  it('stops when told to', () => {
    let count = 0
    expect(forEachFactoring(256, () => ++count < 10)).toBe(false)
    expect(count).toBe(10)
    expect(forEachFactoring(1, () => count++)).toBe(true)
    expect(count).toBe(11)
  })

  it('takes divisors in ascending order, each once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (n) => {
        const expected = Array.from({ length: n }, (_, i) => i + 1).filter((d) => n % d === 0)
        expect(divisorsOf(n)).toEqual(expected)
      }),
      { numRuns: 50 },
    )
  })
})
