import { expect, it } from 'vitest'
import { Overdue } from '../../src/jobs/overdue.ts'

it('counts from when a thing was first seen, and anew for one that was away', () => {
  let now = 0
  const overdue = new Overdue(1000, () => now)
  expect(overdue.look(['a', 'b'])).toEqual([])
  now = 900
  expect(overdue.look(['b', 'c'])).toEqual([])
  now = 1000
  expect(overdue.look(['a', 'b', 'c'])).toEqual(['b'])
  now = 2000
  expect(overdue.look(['a', 'b', 'c'])).toEqual(['a', 'b', 'c'])
})
