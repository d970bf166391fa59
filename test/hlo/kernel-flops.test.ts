import { expect, test } from 'vitest'
import { kernelFlops } from '../../src/hlo/kernel-flops.ts'
import type { HloShape } from '../../src/hlo/types.ts'
import { fixture } from './fixture.ts'
import { array, moduleOf } from './graph-builder.ts'

function kernel(name: string, ...shapes: HloShape[]) {
  return kernelOf(name, shapes, false)
}

function kernelOf(name: string, shapes: HloShape[], balanced: boolean) {
  const operands = shapes.map((shape, i) => ({ name: `o${i}`, opcode: 'parameter', shape }))
  const call = { name, opcode: 'custom-call', customCallTarget: 'tpu_custom_call', on: operands.map((each) => each.name) }
  const { entry } = moduleOf({ main: [...operands, call] })
  return kernelFlops(entry, entry.root!, balanced)
}

const mask = array([1, 4, 4], 0, 's8')
const pairs = 2 * 8 * 2048 * 2048 * 128

test('attention kernels by name and shape: two products forward, four and three backward, half under a causal mask', () => {
  const qkv = [array([2, 8, 2048, 128]), array([2, 8, 2048, 128]), array([2, 8, 2048, 128])]
  expect(kernel('splash_mha_fwd_segmented_residuals.3', mask, ...qkv)).toMatchObject({ flops: 2 * 2 * pairs * 0.5, headDim: 128 })
  expect(kernel('splash_mha_dkv_no_residuals.1', mask, ...qkv)).toMatchObject({ flops: 2 * 4 * pairs * 0.5 })
  expect(kernel('splash_mha_dq_no_residuals.1', mask, ...qkv)).toMatchObject({ flops: 2 * 3 * pairs * 0.5 })
})

test('with a sequence split four ways the last shard sees seven eighths of the pairs', () => {
  const flops = kernel('splash_mha_fwd.1', array([8, 512, 128]), array([8, 2048, 128]))?.flops
  expect(flops).toBe(2 * 2 * 8 * 512 * 2048 * 128 * (7 / 8))
})

test('with two chunks a device, from both ends of the sequence, each sees half of them', () => {
  const flops = kernelOf('splash_mha_fwd.1', [array([8, 512, 128]), array([8, 2048, 128])], true)?.flops
  expect(flops).toBe(2 * 2 * 8 * 512 * 2048 * 128 * (1 / 2))
})

test('other kernels count as their cost estimate says, or not at all', () => {
  expect(kernel('my_kernel', array([8, 8]))).toBeNull()
  const calls = [...fixture('flash_v6e').computations.values()].flatMap((computation) =>
    computation.instructions
      .filter(({ customCallTarget }) => customCallTarget === 'tpu_custom_call')
      .map((call) => kernelFlops(computation, call, false)),
  )
  expect(calls.length).toBe(3)
  for (const call of calls) expect(call).toMatchObject({ headDim: 128, from: 'shapes' })
})
