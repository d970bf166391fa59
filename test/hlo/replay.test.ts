import { expect, test } from 'vitest'
import type { Interconnect } from '../../src/hlo/interconnect.ts'
import { replaySchedule } from '../../src/hlo/replay.ts'
import type { HloModule } from '../../src/hlo/types.ts'
import { fixture, fixtureNames, netOf, ringOf, roundDevice } from './fixture.ts'
import { array, conditionOf, type Draft, moduleOf, tuple } from './graph-builder.ts'

const groups = (size: number) => ({ form: 'list' as const, groups: [Array.from({ length: size }, (_, i) => i)] })
const mb100 = array([50_000_000])
const replay = (module: HloModule, net: Interconnect = ringOf('data', 4)) => replaySchedule(module, { device: roundDevice, net })
const work = (name: string, ms: number, on: string[] = []): Draft => ({ name, opcode: 'fusion', on, cycles: ms * 1e6, shape: array([8]) })
const counter: Draft[] = [
  { name: 'p', opcode: 'parameter' },
  { name: 'i', opcode: 'get-tuple-element', on: ['p'], tupleIndex: 0 },
  { name: 'one', opcode: 'constant', literal: 1 },
  { name: 'next', opcode: 'add', on: ['i', 'one'] },
]
const start: Draft[] = [
  { name: 'zero', opcode: 'constant', literal: 0 },
  { name: 'state', opcode: 'tuple', on: ['zero'] },
]
// an all-reduce of 100 MB over a ring of 4 with 2 links of 100 GB/s: 2 · 3/4 · 100 MB ÷ 200 GB/s = 0.75 ms
const allReduce = (name: string, on: string[]): Draft => ({ name, opcode: 'all-reduce', on, shape: mb100, replicaGroups: groups(4) })

test('a synchronous collective stops the core, and all of it is exposed', () => {
  const module = moduleOf({
    main: [{ name: 'p', opcode: 'parameter', shape: mb100 }, work('before', 1), allReduce('sum', ['p']), work('after', 1)],
  })
  const result = replay(module)
  expect(result.stepTimeMs).toBeCloseTo(2.75)
  expect(result).toMatchObject({ communicationMs: 0.75, exposedCommunicationMs: 0.75 })
})

test('an asynchronous one costs what the work beside it does not hide', () => {
  const program = (beside: number) =>
    moduleOf({
      main: [
        { name: 'p', opcode: 'parameter', shape: mb100 },
        { name: 'start', opcode: 'all-reduce-start', on: ['p'], shape: mb100, replicaGroups: groups(4) },
        work('beside', beside),
        { name: 'done', opcode: 'all-reduce-done', on: ['start'], shape: mb100 },
      ],
    })
  expect(replay(program(0.5))).toMatchObject({ communicationMs: 0.75 })
  expect(replay(program(0.5)).exposedCommunicationMs).toBeCloseTo(0.25)
  expect(replay(program(0.5)).stepTimeMs).toBeCloseTo(0.75)
  expect(replay(program(2)).exposedCommunicationMs).toBe(0)
  expect(replay(program(2)).stepTimeMs).toBeCloseTo(2)
})

test('collectives that share links wait for each other, those on other axes do not', () => {
  const net = netOf([
    { name: 'data', size: 2, ring: false },
    { name: 'model', size: 2, ring: false },
  ])
  const over = (first: number[], second: number[]) =>
    moduleOf({
      main: [
        { name: 'p', opcode: 'parameter', shape: mb100 },
        { name: 'a', opcode: 'all-reduce-start', on: ['p'], shape: mb100, replicaGroups: { form: 'list', groups: [first] } },
        { name: 'b', opcode: 'all-reduce-start', on: ['p'], shape: mb100, replicaGroups: { form: 'list', groups: [second] } },
        { name: 'a-done', opcode: 'all-reduce-done', on: ['a'], shape: mb100 },
        { name: 'b-done', opcode: 'all-reduce-done', on: ['b'], shape: mb100 },
      ],
    })
  // each: 2 · 1/2 · 100 MB ÷ 100 GB/s = 1 ms
  expect(replay(over([0, 1], [0, 1]), net).stepTimeMs).toBeCloseTo(2)
  expect(replay(over([0, 1], [0, 2]), net).stepTimeMs).toBeCloseTo(1)
  // over both axes: 2 · 3/4 · 100 MB ÷ 200 GB/s = 0.75 ms, after the first
  expect(replay(over([0, 1], [0, 1, 2, 3]), net).stepTimeMs).toBeCloseTo(1.75)
})

test('latency delays the end of a transfer, not the next one on its links', () => {
  const send = (name: string): Draft[] => [
    {
      name,
      opcode: 'send',
      on: ['p'],
      isHostTransfer: true,
      attributes: {
        _xla_megascale_transfer_type: 'ALL_REDUCE',
        _xla_megascale_target: '{1,2}x{0:3}',
        _xla_host_transfer_rendezvous: name,
      },
    },
    { name: `${name} recv`, opcode: 'recv', isHostTransfer: true, attributes: { _xla_host_transfer_rendezvous: name } },
  ]
  const module = moduleOf({
    main: [
      { name: 'p', opcode: 'parameter', shape: mb100 },
      ...send('a'),
      ...send('b'),
      { name: 'a done', opcode: 'recv-done', on: ['a recv'] },
      { name: 'b done', opcode: 'recv-done', on: ['b recv'] },
    ],
  })
  // 100 MB each way at 10 GB/s is 10 ms, twice; an all-reduce starts two exchanges, once at the end
  const ring = ringOf('data', 4)
  expect(replay(module, { ...ring, rates: { ...ring.rates, dcnStart: 3e-3 } }).stepTimeMs).toBeCloseTo(26)
})

test('both directions of a ring carry permutes at once; a line does not close', () => {
  const both: Draft[] = [
    { name: 'p', opcode: 'parameter', shape: mb100 },
    { name: 'up', opcode: 'collective-permute-start', on: ['p'], shape: mb100, sourceTargetPairs: [[0, 1], [1, 2], [2, 3], [3, 0]] },
    { name: 'down', opcode: 'collective-permute-start', on: ['p'], shape: mb100, sourceTargetPairs: [[0, 3], [1, 0], [2, 1], [3, 2]] },
    { name: 'up-done', opcode: 'collective-permute-done', on: ['up'], shape: mb100 },
    { name: 'down-done', opcode: 'collective-permute-done', on: ['down'], shape: mb100 },
  ] // biome-ignore format: pairs
  const positions = [0, 1, 2, 3].map((x) => [x, 0, 0, 0])
  const on = (wrap: boolean): Interconnect => ({ ...ringOf('data', 4), torus: { positions, dims: [4], wrap: [wrap] } })
  expect(replay(moduleOf({ main: both }), on(true)).stepTimeMs).toBeCloseTo(1)
  expect(replay(moduleOf({ main: both }), on(false)).stepTimeMs).toBeCloseTo(2)
})

test('a loop is its trips times its body, whatever is nested in it', () => {
  const inner = [...counter, work('inner work', 0.1), allReduce('sum', ['i']), { name: 'r', opcode: 'tuple', on: ['next'] }]
  inner.find(({ name }) => name === 'i')!.shape = mb100
  const module = moduleOf({
    'inner condition': conditionOf(3),
    inner,
    'outer condition': conditionOf(5),
    outer: [
      ...counter,
      ...start,
      { name: 'loop', opcode: 'while', on: ['state'], calls: ['inner', 'inner condition'] },
      { name: 'r', opcode: 'tuple', on: ['next'] },
    ],
    main: [...start, { name: 'loop', opcode: 'while', on: ['state'], calls: ['outer', 'outer condition'] }],
  })
  const result = replay(module)
  expect(result.stepTimeMs).toBeCloseTo(15 * 0.85)
  expect(result.communicationMs).toBeCloseTo(15 * 0.75)
  expect(result.parts.find(({ name }) => name === 'inner work')).toMatchObject({ count: 15 })
})

test('a collective started in one iteration and awaited in the next hides behind the work between', () => {
  const state = tuple(array([], 0, 's32'), mb100)
  const pipelined: Draft[] = [
    { name: 'p', opcode: 'parameter', shape: state },
    { name: 'i', opcode: 'get-tuple-element', on: ['p'], tupleIndex: 0 },
    { name: 'one', opcode: 'constant', literal: 1 },
    { name: 'next', opcode: 'add', on: ['i', 'one'] },
    { name: 'flying', opcode: 'get-tuple-element', on: ['p'], tupleIndex: 1, shape: mb100 },
    work('work', 0.5),
    { name: 'done', opcode: 'all-reduce-done', on: ['flying'], shape: mb100 },
    { name: 'again', opcode: 'all-reduce-start', on: ['done'], shape: mb100, replicaGroups: groups(4) },
    { name: 'r', opcode: 'tuple', on: ['next', 'again'] },
  ]
  const module = moduleOf({
    condition: conditionOf(10),
    body: pipelined,
    main: [
      { name: 'x', opcode: 'parameter', shape: mb100 },
      { name: 'zero', opcode: 'constant', literal: 0 },
      { name: 'first', opcode: 'all-reduce-start', on: ['x'], shape: mb100, replicaGroups: groups(4) },
      { name: 'state', opcode: 'tuple', on: ['zero', 'first'], shape: state },
      { name: 'loop', opcode: 'while', on: ['state'], calls: ['body', 'condition'] },
      { name: 'flying', opcode: 'get-tuple-element', on: ['loop'], tupleIndex: 1, shape: mb100 },
      { name: 'last', opcode: 'all-reduce-done', on: ['flying'], shape: mb100 },
    ],
  })
  // eleven all-reduces one after another; the ten pieces of work lie beside them
  expect(replay(module).stepTimeMs).toBeCloseTo(11 * 0.75)
  expect(replay(module).exposedCommunicationMs).toBeCloseTo(11 * 0.75 - 10 * 0.5)
})

test('the dearest branch counts', () => {
  const module = moduleOf({
    cheap: [work('a', 1)],
    dear: [work('b', 3)],
    main: [
      { name: 'p', opcode: 'parameter' },
      { name: 'either', opcode: 'conditional', on: ['p'], calls: ['cheap', 'dear'] },
    ],
  })
  expect(replay(module).stepTimeMs).toBeCloseTo(3)
  expect(replay(module).notes.join()).toMatch(/branch/)
})

test('copies to the host take its bandwidth, copies to VMEM that of HBM', () => {
  const copy = (space: number) =>
    moduleOf({
      main: [
        { name: 'p', opcode: 'parameter', shape: mb100 },
        { name: 's', opcode: 'copy-start', on: ['p'], shape: tuple(array([50_000_000], space), mb100) },
        { name: 'd', opcode: 'copy-done', on: ['s'], shape: array([50_000_000], space) },
      ],
    })
  expect(replay(copy(5)).hostMs).toBeCloseTo(10)
  expect(replay(copy(1))).toMatchObject({ hostMs: 0, hbmMs: expect.closeTo(0.1) })
})

test('the calibration matmul takes the time of its FLOPs at peak', () => {
  const device = { ...roundDevice, clockGhz: 1.63, peakTflops: 197 }
  const result = replaySchedule(fixture('matmul_v5e'), { device, net: ringOf('data', 1) })
  expect(result.flops).toBe(2 * 16384 ** 3)
  expect(result.stepTimeMs / (result.flops / 197e9)).toBeCloseTo(1, 2)
  expect(result.computeMs).toBeCloseTo(result.stepTimeMs)
})

test.each(fixtureNames)('%s: the parts add up, and faster links never make it slower', (name) => {
  const module = fixture(name)
  let slower = Number.POSITIVE_INFINITY
  const ring = ringOf('data', 8)
  for (const link of [1e9, 10e9, 100e9, 1e18]) {
    const result = replay(module, { ...ring, rates: { ...ring.rates, link } })
    expect(result.computeMs + result.hbmMs + result.exposedCommunicationMs + result.hostMs).toBeCloseTo(result.stepTimeMs, 6)
    expect(result.exposedCommunicationMs).toBeLessThanOrEqual(result.communicationMs + 1e-9)
    expect(result.stepTimeMs).toBeLessThanOrEqual(slower + 1e-9)
    slower = result.stepTimeMs
  }
})

test('the FLOPs of a compiled training step are those of its matmuls', () => {
  // 6 layers of three 2048 x 8192 matmuls on 4096 tokens a device; forward, again for the backward pass, and two products
  // backward
  const forward = 6 * 3 * 2 * 4096 * 2048 * 8192
  const { flops } = replay(fixture('fsdp_v6e'), ringOf('data', 8))
  expect(flops / forward).toBeGreaterThan(3.6)
  expect(flops / forward).toBeLessThan(4.01)
})
