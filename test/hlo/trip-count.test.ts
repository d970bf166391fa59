import { expect, test } from 'vitest'
import { readHloModule } from '../../src/hlo/read-module.ts'
import { tripCount } from '../../src/hlo/trip-count.ts'
import { type FixtureName, fixture, fixtureBytes } from './fixture.ts'

function loopsOf(name: FixtureName) {
  const module = fixture(name)
  return [...module.computations.values()].flatMap((computation) =>
    computation.instructions
      .filter(({ opcode }) => opcode === 'while')
      .map((loop) => ({ body: module.computations.get(loop.called[0]!)!.name, ...tripCount(module, computation, loop) })),
  )
}

test('nested counted loops have their counts, a loop that ends on data says so', () => {
  const loops = loopsOf('loops_v5e')
  expect(loops.map(({ trips }) => trips).sort()).toEqual([5, 7, null].sort())
  const dynamic = loops.find(({ trips }) => trips === null)
  expect(dynamic?.note).toMatch(/the number of iterations is not known/)
})

test('a windowed einsum over eight devices takes four steps both ways round, unrolled by two; the layers run six times', () => {
  const loops = loopsOf('fsdp_v6e')
  const windowed = loops.filter(({ body }) => body.includes('windowed_dot_general'))
  expect(windowed.length).toBeGreaterThanOrEqual(6)
  for (const { trips, step } of windowed) expect({ trips, step }).toEqual({ trips: 2, step: 2 })
  expect(loops.filter(({ body }) => !body.includes('windowed')).map(({ trips }) => trips)).toEqual([6, 6])
})

test('microbatches outside, layers inside', () => {
  expect(
    loopsOf('microbatch_v5e')
      .map(({ trips }) => trips)
      .sort(),
  ).toEqual([4, 4, 4])
})

test('a loop that runs up to its bound, and not below it, takes one step more', () => {
  const module = readHloModule(fixtureBytes('microbatch_v5e'))
  const trips = () =>
    [...module.computations.values()].flatMap((computation) =>
      computation.instructions.filter(({ opcode }) => opcode === 'while').map((loop) => tripCount(module, computation, loop).trips),
    )
  expect(trips()).toEqual([4, 4, 4])
  for (const computation of module.computations.values())
    for (const instruction of computation.instructions)
      if (instruction.opcode === 'compare' && instruction.direction === 'LT') instruction.direction = 'LE'
  expect(trips()).toEqual([5, 5, 5])
})
