import { expect, test } from 'vitest'
import { matmulFlops } from '../../src/hlo/flops.ts'
import type { WindowDim } from '../../src/hlo/types.ts'
import { array, moduleOf } from './graph-builder.ts'

const plain: WindowDim = { size: 1, stride: 1, padLow: 0, padHigh: 0, windowDilation: 1, baseDilation: 1 }

/** Input [batch, spatial, 64], kernel [spatial, 64, 32], output [batch, spatial, 32]. */
function convolution(input: number, window: WindowDim, output: number): number {
  const module = moduleOf({
    main: [
      { name: 'input', opcode: 'parameter', shape: array([16, input, 64]) },
      { name: 'kernel', opcode: 'parameter', shape: array([window.size, 64, 32]) },
      {
        name: 'convolution',
        opcode: 'convolution',
        on: ['input', 'kernel'],
        shape: array([16, output, 32]),
        window: [window],
        convolution: { inputSpatial: [1], kernelSpatial: [0], outputSpatial: [1], kernelInputFeature: 1, kernelOutputFeature: 2 },
      },
    ],
  })
  return matmulFlops(module, module.entry, module.entry.root!)
}

test('a window of one is a matmul', () => {
  expect(convolution(8, plain, 8)).toBe(2 * 16 * 8 * 32 * 64)
})

test('a batch dimension that XLA wrote as a dilated window computes each batch entry once', () => {
  // 8 entries, each output meets one: the others fall into the holes
  expect(convolution(8, { ...plain, size: 8, stride: 7, baseDilation: 8 }, 8)).toBe(2 * 16 * 8 * 32 * 64)
})

test('padding is not computed', () => {
  // a window of three over 8 positions with one of padding at each end: 22 of 24 pairs
  expect(convolution(8, { ...plain, size: 3, padLow: 1, padHigh: 1 }, 8)).toBe(2 * 16 * 22 * 32 * 64)
})

test('a dot multiplies what it contracts', () => {
  const module = moduleOf({
    main: [
      { name: 'a', opcode: 'parameter', shape: array([4, 16, 64]) },
      { name: 'b', opcode: 'parameter', shape: array([4, 64, 32]) },
      {
        name: 'dot',
        opcode: 'dot',
        on: ['a', 'b'],
        shape: array([4, 16, 32]),
        dot: { lhsContracting: [2], rhsContracting: [1], lhsBatch: [0], rhsBatch: [0] },
      },
    ],
  })
  expect(matmulFlops(module, module.entry, module.entry.root!)).toBe(2 * 4 * 16 * 32 * 64)
})
