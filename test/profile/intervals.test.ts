import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Intervals } from '../../src/profile/intervals.ts'

const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 40 })), { maxLength: 60 })

/** Unit cells covered, the slow and sure way. */
function cells(list: readonly (readonly [number, number])[]): Set<number> {
  const covered = new Set<number>()
  for (const [start, length] of list) for (let cell = start; cell < start + length; cell++) covered.add(cell)
  return covered
}

function filled(list: readonly (readonly [number, number])[], capacity?: number): Intervals {
  const intervals = new Intervals(capacity)
  for (const [start, length] of list) intervals.add(start, start + length)
  return intervals
}

describe('Intervals', () => {
  it('covers what its spans cover, in any order, within any window', () => {
    fc.assert(
      fc.property(spans, fc.integer({ min: 0, max: 340 }), fc.integer({ min: 0, max: 340 }), (list, a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const covered = cells(list)
        expect(filled(list).total()).toBe(covered.size)
        expect(filled(list).total(from, to)).toBeCloseTo([...covered].filter((cell) => cell >= from && cell < to).length, 9)
      }),
    )
  })

  it('overlaps another set where both cover', () => {
    fc.assert(
      fc.property(spans, spans, (one, two) => {
        const both = [...cells(one)].filter((cell) => cells(two).has(cell))
        // where spans were joined, their share is a quotient
        expect(filled(one).overlap(filled(two))).toBeCloseTo(both.length, 9)
        expect(filled(one).overlap(filled(two), 50, 200)).toBeCloseTo(both.filter((cell) => cell >= 50 && cell < 200).length, 9)
      }),
    )
  })

  it('stays within its capacity by joining the smallest gaps', () => {
    const intervals = new Intervals(64)
    for (let index = 0; index < 10_000; index++) intervals.add(index * 10_000, index * 10_000 + 9_000)
    expect(intervals.size).toBeLessThanOrEqual(64)
    expect(intervals.total()).toBeCloseTo(10_000 * 9_000, 3)
    // A window cuts joined spans in proportion.
    expect(intervals.total(0, 50_000_000) / 45_000_000).toBeCloseTo(1, 2)
    const half = new Intervals(64)
    half.add(0, 50_000_000)
    expect(intervals.overlap(half) / 45_000_000).toBeCloseTo(1, 2)
  })
})
