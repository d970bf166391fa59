import { expect, test } from 'vitest'
import { collectivesOf } from '../../src/hlo/collectives.ts'
import { fixture } from './fixture.ts'

const named = (sizes: Record<string, number>) => Object.entries(sizes).map(([name, size]) => ({ name, size }))
const short = ({ kind, bytes, groupSize, axes, times, async }: ReturnType<typeof collectivesOf>[number]) => ({
  kind,
  bytes,
  groupSize,
  axes,
  times,
  async,
})

test('one of each kind: payload of one device, group, axes', () => {
  const mib = 1 << 20
  expect(collectivesOf(fixture('kinds_v5p'), named({ data: 4, model: 2 })).map(short)).toEqual([
    // bf16[1024,1024] a device: scattered over data, reduced over all, gathered over model, exchanged, shifted, reduced over
    // pairs of data
    { kind: 'reduce-scatter', bytes: 2 * mib, groupSize: 4, axes: ['data'], times: 1, async: false },
    { kind: 'all-reduce', bytes: mib / 2, groupSize: 8, axes: ['data', 'model'], times: 1, async: false },
    { kind: 'all-gather', bytes: mib, groupSize: 2, axes: ['model'], times: 1, async: false },
    { kind: 'all-to-all', bytes: mib, groupSize: 2, axes: ['model'], times: 1, async: false },
    { kind: 'collective-permute', bytes: mib, groupSize: 2, axes: ['data'], times: 1, async: true },
    { kind: 'all-reduce', bytes: mib, groupSize: 2, axes: ['data'], times: 1, async: false },
  ])
})

test('executions multiply through loops; windowed einsums are told apart', () => {
  const found = collectivesOf(fixture('fsdp_v6e'), named({ data: 8 }))
  const windowed = found.filter((each) => each.windowed)
  expect(windowed.length).toBeGreaterThan(10)
  expect(new Set(windowed.map(({ times }) => times))).toEqual(new Set([12]))
  expect(windowed.every(({ kind, axes }) => kind === 'collective-permute' && axes?.[0] === 'data')).toBe(true)
  const gathers = found.filter(({ kind }) => kind === 'all-gather')
  expect(gathers.map(({ bytes, times }) => ({ bytes, times }))).toContainEqual({ bytes: 2048 * 8192 * 2, times: 6 })
})

test('inside a loop that ends on data the count is not known', () => {
  const found = collectivesOf(fixture('loops_v5e'), named({ data: 4 }))
  expect(found.some(({ times }) => times === null)).toBe(true)
  expect(found.some(({ times }) => times === 35)).toBe(true)
})

test('a fusion of an all-reduce and a slice is a reduce-scatter over its axis', () => {
  const found = collectivesOf(fixture('tensor_v6e'), named({ data: 2, model: 4 }))
  const scatters = found.filter(({ kind }) => kind === 'reduce-scatter')
  expect(scatters.length).toBe(3)
  for (const each of scatters) expect(each).toMatchObject({ bytes: 2048 * 2048 * 2, groupSize: 2, axes: ['data'], async: false, times: 6 })
})

test('a collective that fusions carry from its start to its done counts once', () => {
  const found = collectivesOf(fixture('tensor_v5e'), named({ data: 4, model: 4 }))
  const fused = found.filter(({ name, async }) => async && name.includes('async-collective-start'))
  expect(fused).toHaveLength(3)
  for (const each of fused) expect(each).toMatchObject({ kind: 'all-gather', groupSize: 4, times: 4, overlapped: true })
  // the fusions that carry them are named like any other; those that are collectives themselves reduce and scatter
  expect(found.filter(({ name, kind }) => /^fusion|async-collective-done/.test(name) && kind !== 'reduce-scatter')).toEqual([])
})

test('collectives that run on SparseCore are found in what they call', () => {
  const found = collectivesOf(fixture('fsdp_tpu7x'), named({ data: 8 }))
  const offloaded = found.filter(({ sparseCore }) => sparseCore)
  expect(offloaded.length).toBeGreaterThan(0)
  for (const each of offloaded)
    expect(each).toMatchObject({ kind: 'all-gather', groupSize: 8, axes: ['data'], bytes: 2048 * 8192 * 2, async: true })
})

test('transfers between slices carry their kind and the bytes of a device', () => {
  const found = collectivesOf(fixture('slices_v5e'), named({ data: 16 })).filter(({ axes }) => axes?.[0] === 'dcn')
  expect(new Set(found.map(({ kind }) => kind))).toEqual(new Set(['all-gather', 'all-reduce']))
  for (const each of found) expect(each).toMatchObject({ groupSize: 2, async: true })
})

test('without a mesh, axes stay unknown', () => {
  for (const each of collectivesOf(fixture('tensor_v5p'), null)) expect(each.axes).toBeNull()
})
