import { expect, it } from 'vitest'
import { normalNumbers, randomNumbers, shuffled } from '../../src/numbers/random-numbers.ts'
import { mean, median, spread } from '../../src/numbers/statistics.ts'

const drawn = (next: () => number, count: number) => Array.from({ length: count }, next)

it('draws the same numbers for the same seed, and others for another', () => {
  expect(drawn(randomNumbers(7), 20)).toEqual(drawn(randomNumbers(7), 20))
  expect(drawn(randomNumbers('a'), 20)).not.toEqual(drawn(randomNumbers('b'), 20))
})

it('draws evenly below 1, and normal numbers about 0 with a spread of 1', () => {
  const even = drawn(randomNumbers(1), 20_000)
  expect(Math.min(...even)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...even)).toBeLessThan(1)
  expect(mean(even)).toBeCloseTo(0.5, 2)
  const normal = drawn(normalNumbers(1), 20_000)
  expect(mean(normal)).toBeCloseTo(0, 1)
  expect(spread(normal)).toBeCloseTo(1, 1)
})

it('shuffles without losing anything', () => {
  const items = Array.from({ length: 50 }, (_, i) => i)
  const mixed = shuffled(items, randomNumbers(3))
  expect(mixed).not.toEqual(items)
  expect(mixed.toSorted((a, b) => a - b)).toEqual(items)
})

it('takes the middle of an odd count, the mean of the two middle ones of an even one, and nothing of none', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
  expect([median([]), mean([]), spread([1])]).toEqual([null, null, null])
})
