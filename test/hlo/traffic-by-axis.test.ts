import { expect, test } from 'vitest'
import { collectivesOf } from '../../src/hlo/collectives.ts'
import { trafficByAxis } from '../../src/hlo/traffic-by-axis.ts'
import { fixture } from './fixture.ts'

const mesh = [
  { name: 'data', size: 4 },
  { name: 'model', size: 2 },
]
const mib = 1 << 20

test('kinds and axes are told apart, the most bytes first', () => {
  expect(trafficByAxis(fixture('kinds_v5p'), mesh).map(({ kind, axes, bytes, executions }) => [kind, axes, bytes, executions])).toEqual([
    ['reduce-scatter', ['data'], 2 * mib, 1],
    ['all-gather', ['model'], mib, 1],
    ['all-to-all', ['model'], mib, 1],
    ['collective-permute', ['data'], mib, 1],
    ['all-reduce', ['data'], mib, 1],
    ['all-reduce', ['data', 'model'], mib / 2, 1],
  ])
})

test('executions in loops count, and nothing is lost in the sums', () => {
  const module = fixture('tensor_v6e')
  const axes = [
    { name: 'data', size: 2 },
    { name: 'model', size: 4 },
  ]
  const total = collectivesOf(module, axes).reduce((sum, { bytes, times }) => sum + bytes * (times ?? 1), 0)
  const traffic = trafficByAxis(module, axes)
  expect(traffic.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(total)
  expect(traffic.find(({ kind, axes }) => kind === 'reduce-scatter' && axes?.join() === 'data')).toMatchObject({ executions: 18 })
})
