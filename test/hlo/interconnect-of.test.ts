import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type CollectiveOp, collectiveOf } from '../../src/hlo/collective.ts'
import { collectiveCost } from '../../src/hlo/collective-time.ts'
import { routePermute } from '../../src/hlo/interconnect.ts'
import { clockOf, deviceSpeedOf, interconnectOf } from '../../src/hlo/interconnect-of.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { fixture, netOf, ringOf } from './fixture.ts'

const chip = {
  bf16_tflops: 2307,
  hbm_gbps: 7380,
  ici_one_way_gbps_per_link: 100,
  intra_chip_gbps: 540,
  devices_per_chip: 2 as const,
  dcn_gbps_per_chip: 100,
  mxu_side: 256,
  clock_ghz: 2.59,
}
const network = { hop_us: 1, dcn_start_us: 100, dcn_default_gbps_per_chip: 25, host_gbps_per_chip: 12 }
const placed = { slice: findSlice('tpu7x', '2x2x1'), tuple: [1, 1, 8, 1, 1, 1] as const }

test('a chip with two devices gives each half, and DCN in bytes', () => {
  expect(deviceSpeedOf(chip, network)).toMatchObject({ peakTflops: 1153.5, hbmGbps: 3690, hostGbps: 6, clockGhz: 2.59 })
  expect(interconnectOf(chip, network, placed).rates).toMatchObject({ link: 100e9, onChip: 540e9, dcn: (100 / 8 / 2) * 1e9 })
  const single = { ...chip, devices_per_chip: 1 as const, intra_chip_gbps: null, dcn_gbps_per_chip: null }
  expect(interconnectOf(single, network, placed).rates).toMatchObject({ onChip: 100e9, dcn: (25 / 8) * 1e9 })
  expect(deviceSpeedOf({ ...chip, clock_ghz: null }, network)).toBeNull()
})

test('the clock is the cycles of a matmul over its time at peak', () => {
  const v5e = { ...chip, bf16_tflops: 197, devices_per_chip: 1 as const }
  expect(clockOf({ flops: 2 * 16384 ** 3, estimated_cycles: 72759736 }, v5e)).toBeCloseTo(1.63, 2)
})

test('the clocks of knowledge/chips.json are those of the compiled matmuls', () => {
  const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'))
  const matmuls: Record<string, { flops: number; estimated_cycles: number }> = read('bench/recorded/compiler-clocks.json')
  const { chips } = read('knowledge/chips.json')
  expect(Object.keys(matmuls).sort()).toEqual(Object.keys(chips).sort())
  for (const [name, matmul] of Object.entries(matmuls)) expect(clockOf(matmul, chips[name]) / chips[name].clock_ghz).toBeCloseTo(1, 2)
})

function op(kind: CollectiveOp['kind'], bytes: number, group: number[]): CollectiveOp {
  const module = fixture('kinds_v5p')
  const inner = module.entry.instructions.find((each) => collectiveOf(module, module.entry, each))!
  return { kind, bytes, group, groupSize: group.length, pairs: [], async: false, sparseCore: false, dcn: false, emitter: null, inner }
}

test('collective times on a ring of four, 100 GB/s a link', () => {
  const net = ringOf('data', 4)
  const ring = [0, 1, 2, 3]
  // V (n-1)/n over two links; twice for an all-reduce; an all-to-all an eighth of 4 · bytes over one
  expect(collectiveCost(op('all-gather', 4e8, ring), net).ms).toBeCloseTo(1.5)
  expect(collectiveCost(op('reduce-scatter', 4e8, ring), net).ms).toBeCloseTo(1.5)
  expect(collectiveCost(op('all-reduce', 4e8, ring), net).ms).toBeCloseTo(3)
  expect(collectiveCost(op('all-to-all', 1e8, ring), net).ms).toBeCloseTo(0.5)
})

test('a line has half the links of a ring, a pair one link; several axes add theirs', () => {
  const axis = { name: 'data', size: 4, ring: false }
  const line = netOf([axis])
  expect(collectiveCost(op('all-gather', 4e8, [0, 1, 2, 3]), line).ms).toBeCloseTo(3)
  expect(collectiveCost(op('all-to-all', 1e8, [0, 1, 2, 3]), line).ms).toBeCloseTo(1)
  const square = netOf([axis, { ...axis, name: 'model' }])
  expect(
    collectiveCost(
      op(
        'all-gather',
        4e8,
        Array.from({ length: 16 }, (_, i) => i),
      ),
      square,
    ),
  ).toMatchObject({ axes: ['data', 'model'] })
  expect(
    collectiveCost(
      op(
        'all-gather',
        4e8,
        Array.from({ length: 16 }, (_, i) => i),
      ),
      square,
    ).ms,
  ).toBeCloseTo((4 * 15) / 16 / 2)
})

test('latency counts a hop at a time', () => {
  const net = ringOf('data', 4)
  expect(collectiveCost(op('all-gather', 0, [0, 1, 2, 3]), { ...net, rates: { ...net.rates, hop: 1e-6 } }).ms).toBeCloseTo(0.002)
})

test('half of a ring is a line, and a ring of two is one link', () => {
  const ring = ringOf('data', 8)
  expect(collectiveCost(op('all-gather', 4e8, [0, 1, 2, 3]), ring).ms).toBeCloseTo(3)
  expect(collectiveCost(op('all-to-all', 1e8, [0, 1, 2, 3]), ring).ms).toBeCloseTo(1)
  // every other device of the ring: two groups share both directions
  expect(collectiveCost(op('all-gather', 4e8, [0, 2, 4, 6]), ring).ms).toBeCloseTo(3)
  expect(collectiveCost(op('all-to-all', 1e8, [0, 1]), ringOf('data', 2)).ms).toBeCloseTo(0.5)
})

test('a permute takes the shorter way, and counts what its messages share', () => {
  const line = [0, 1, 2, 3].map((x) => [x, 0, 0, 0])
  const shift: [number, number][] = [[0, 1], [1, 2], [2, 3], [3, 0]] // biome-ignore format: pairs
  expect(routePermute(shift, { positions: line, dims: [4], wrap: [true] })).toMatchObject({ busiest: 1, hops: 1 })
  expect(routePermute(shift, { positions: line, dims: [4], wrap: [false] })).toMatchObject({ busiest: 1, hops: 3 })
  const two: [number, number][] = [[0, 2], [1, 3]] // biome-ignore format: pairs
  expect(routePermute(two, { positions: line, dims: [4], wrap: [false] })).toMatchObject({ busiest: 2, hops: 2 })
  const chips = [[0, 0, 0, 0], [0, 0, 0, 1]] // biome-ignore format: pairs
  expect(routePermute([[0, 1], [1, 0]], { positions: chips, dims: [2], wrap: [false] })).toMatchObject({ busiest: 0, busiestOnChip: 1 }) // biome-ignore format: pairs
})
