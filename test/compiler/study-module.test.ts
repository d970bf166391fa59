import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { replayOnSlice, studyModule } from '../../src/compiler/study-module.ts'
import { findChip } from '../../src/knowledge/data/chips.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { fixture, fixtureBytes } from '../hlo/fixture.ts'
import { exampleWorkload } from '../support/workload.ts'

const workload = exampleWorkload({ chip: findChip('v6e'), slice: findSlice('v6e', '2x4') })
let folder = ''
let path = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-'))
  path = join(folder, 'module.hlo.pb.gz')
  await writeFile(path, gzipSync(fixtureBytes('fsdp_v6e')))
})
afterAll(() => rm(folder, { recursive: true }))

test('a compiled module on disk becomes a step time on its slice and mesh', async () => {
  const { stepTimeMs, exposedCommunicationMs } = await studyModule(path, workload, { mesh: { data: 8 } }, 'full')
  const { chip, slice } = workload
  const replay = replayOnSlice(fixture('fsdp_v6e'), { chip, slice, mesh: { data: 8 } })!
  expect(stepTimeMs).toBeCloseTo(replay.stepTimeMs, 1)
  expect(exposedCommunicationMs).toBeCloseTo(replay.exposedCommunicationMs, 1)
  // no step is faster than its FLOPs at peak
  expect(replay.stepTimeMs).toBeGreaterThan(replay.flops / 918e9)
  expect(replay.notes).toEqual([])
})

test('it tells what moves over which axis, also at fast effort, which has no step time', async () => {
  const { stepTimeMs, collectives, antiPatterns } = await studyModule(path, workload, { mesh: { data: 8 } }, 'fast')
  expect(stepTimeMs).toBeNull()
  expect(collectives.length).toBeGreaterThan(1)
  for (const { axes, bytes, overlappedBytes } of collectives) {
    expect(axes).toEqual(['data'])
    expect(bytes).toBeGreaterThanOrEqual(overlappedBytes)
  }
  expect(antiPatterns.every(({ share }) => share === null)).toBe(true)
})

test('without a clock there is no step time', async () => {
  const { chip, slice } = workload
  expect(replayOnSlice(fixture('fsdp_v6e'), { chip: { ...chip, clock_ghz: null }, slice, mesh: { data: 8 } })).toBeNull()
})

test('a file that is no module is refused', async () => {
  const broken = join(folder, 'broken.hlo.pb.gz')
  await writeFile(broken, gzipSync(new Uint8Array([1, 2, 3])))
  await expect(studyModule(broken, workload, { mesh: { data: 8 } }, 'full')).rejects.toMatchObject({ code: 'bad_hlo' })
})
