import { expect, test } from 'vitest'
import { antiPatternSchema } from '../../src/contract/profile-report.ts'
import { findAntiPatterns, replayTimes } from '../../src/hlo/anti-patterns/find.ts'
import { replaySchedule } from '../../src/hlo/replay.ts'
import { type FixtureName, fixture, fixtureNames, netOf, roundDevice } from './fixture.ts'

const named = (sizes: Record<string, number>) => Object.entries(sizes).map(([name, size]) => ({ name, size }))

function found(name: FixtureName, mesh: Record<string, number> | null, mxuSide = 128) {
  return findAntiPatterns(fixture(name), { mesh: mesh && named(mesh), mxuSide })
}

test('an all-gather that is only sliced, with both ops and the gathered bytes', () => {
  const [first, ...rest] = found('gather_slice_v5e', { data: 2, model: 4 })
  expect(rest).toEqual([])
  expect(first).toMatchObject({ kind: 'gather_then_slice', bytes: 1024 * 4096 * 2, ops: ['all-gather.4', 'dynamic-slice_multiply_fusion'] })
  expect(first!.fix).toMatch(/slice/)
})

test('the same gather over every device is a full rematerialization', () => {
  const kinds = found('gather_slice_v5e', { model: 4 }).map(({ kind }) => kind)
  expect(kinds).toEqual(['full_rematerialization'])
})

test('an all-reduce that is only sliced', () => {
  const [first] = found('reduce_slice_v5e', { data: 2, model: 4 })
  expect(first).toMatchObject({ kind: 'reduce_then_slice', bytes: 1024 * 2048 * 2 })
  expect(first!.ops).toHaveLength(2)
})

test('gradients summed over the batch axis in every microbatch: 4 microbatches of 4 layers', () => {
  const pattern = found('microbatch_v5e', { data: 8 }).find(({ kind }) => kind === 'gradient_reduce_in_loop')
  // three weights of 1024 x 4096 in bf16
  expect(pattern?.bytes).toBe(16 * 3 * 1024 * 4096 * 2)
})

test('no gradient loop where there is one batch', () => {
  for (const name of ['fsdp_v6e', 'offload_v6e', 'slices_v5e'] as const) {
    expect(found(name, { data: 8 }).map(({ kind }) => kind)).not.toContain('gradient_reduce_in_loop')
  }
})

test('synchronous collectives of the model axis in every layer', () => {
  const pattern = found('tensor_v6e', { data: 2, model: 4 }, 256).find(({ kind }) => kind === 'sync_model_collectives')
  expect(pattern?.ops.length).toBeGreaterThan(0)
  expect(found('fsdp_v6e', { data: 8, model: 1 }, 256).map(({ kind }) => kind)).not.toContain('sync_model_collectives')
})

test('a matmul dimension that is no multiple of the systolic array, only under a model axis', () => {
  // 2048 and 8192 / 4 are no multiples of 384, which no chip has
  expect(found('tensor_v6e', { data: 2, model: 4 }, 384).map(({ kind }) => kind)).toContain('unaligned_split')
  expect(found('tensor_v6e', { data: 2, model: 4 }, 256).map(({ kind }) => kind)).not.toContain('unaligned_split')
  expect(found('fsdp_v6e', { data: 8 }, 384).map(({ kind }) => kind)).not.toContain('unaligned_split')
})

test('an all-to-all between batch shards is a resharding, between experts it is not', () => {
  expect(found('kinds_v5p', { data: 4, model: 2 }).map(({ kind }) => kind)).toContain('resharding')
  expect(found('kinds_v5p', { data: 4, expert: 2 }).map(({ kind }) => kind)).not.toContain('resharding')
})

test('layout copies count by their share of the time where times are known', () => {
  const module = fixture('fsdp_tpu7x')
  const copy = findAntiPatterns(module).find(({ kind }) => kind === 'layout_copies')!.ops[0]!
  const share = (ms: number) =>
    findAntiPatterns(module, { times: new Map([[copy, ms]]), totalMs: 100 }).find(({ kind }) => kind === 'layout_copies')?.share
  expect(share(10)).toBeCloseTo(0.1)
  expect(share(2)).toBeUndefined()
})

test('waiting for the host counts from a tenth of the time', () => {
  const module = fixture('offload_v6e')
  const waits = [...module.computations.values()].flatMap(({ instructions }) =>
    instructions.filter(({ opcode }) => opcode === 'async-done'),
  )
  const times = new Map(waits.map(({ name }) => [name, 5]))
  const pattern = findAntiPatterns(module, { times, totalMs: 20 }).find(({ kind }) => kind === 'host_transfer_waits')
  // four transfers with the host, one of them in each loop
  expect(pattern).toMatchObject({ share: 1, bytes: 12 * 4 * 1024 * 2048 * 2 })
  expect(findAntiPatterns(module, { times, totalMs: 1e6 }).map(({ kind }) => kind)).not.toContain('host_transfer_waits')
})

test('a replay gives the shares where there is no profile', () => {
  const module = fixture('tensor_v6e')
  const mesh = named({ data: 2, model: 4 })
  const net = netOf(mesh.map((axis) => ({ ...axis, ring: false })))
  const replay = replaySchedule(module, { device: roundDevice, net })
  const pattern = findAntiPatterns(module, { mesh, ...replayTimes(replay) }).find(({ kind }) => kind === 'sync_model_collectives')
  expect(pattern?.share).toBeGreaterThan(0)
  expect(pattern?.share).toBeLessThanOrEqual(replay.exposedCommunicationMs / replay.stepTimeMs)
})

test.each(fixtureNames)('%s: every finding has the form of the contract', (name) => {
  for (const pattern of found(name, null)) expect(antiPatternSchema.parse(pattern)).toEqual(pattern)
})
