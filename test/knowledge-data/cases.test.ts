import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { addressOf } from '../../scripts/case-sources.ts'
import { readTsv } from '../../scripts/read-tsv.ts'
import { axisSize, meshSize, sameMesh } from '../../src/contract/mesh.ts'
import { findModel } from '../../src/knowledge/data/models.ts'
import { findSlice } from '../../src/knowledge/data/topologies.ts'
import { lacks, needing, projectRoot, sharedData } from '../support/needs.ts'
import { shippedCases } from './shipped-cases.ts'

const byId = (id: string) => shippedCases.cases.find((entry) => entry.id === id)!

test('every mesh multiplies to the devices of its slice, and dcn to the slices', () => {
  for (const entry of shippedCases.cases) {
    const { devices } = findSlice(entry.workload.chip, entry.workload.topology)
    for (const mesh of [entry.from, entry.to]) if (mesh) expect(meshSize(mesh), entry.id).toBe(devices)
    expect(meshSize(entry.dcn), entry.id).toBe(entry.workload.slices)
  }
})

test('every case has an id of its own, a source with an address, and a model that resolves', () => {
  expect(new Set(shippedCases.cases.map(({ id }) => id)).size).toBe(shippedCases.cases.length)
  for (const entry of shippedCases.cases) {
    for (const source of entry.sources) expect(() => new URL(source.uri)).not.toThrow()
    expect(entry.sources.length, entry.id).toBe(entry.from ? 2 : 1)
    // The one model that its source does not describe.
    if (entry.experiment !== 'v4-8-dp-vs-tp') expect(findModel(entry.workload.model as string), entry.id).not.toBeNull()
  }
})

test('what ran out of memory has no time, and a time is a plausible step', () => {
  for (const entry of shippedCases.cases) {
    if (entry.result === 'oom') expect([entry.measured_after_ms, entry.bottleneck]).toEqual([null, 'capacity'])
    if (entry.measured_after_ms !== null) expect(entry.measured_after_ms).toBeGreaterThan(10)
  }
})

test('pairs go from the slower to the faster of two meshes', () => {
  const pairs = shippedCases.cases.filter(({ from }) => from)
  expect(pairs.length).toBeGreaterThanOrEqual(5)
  for (const pair of pairs) {
    expect(sameMesh(pair.from!, pair.to!), pair.id).toBe(false)
    if (pair.measured_before_ms !== null) expect(pair.measured_after_ms).toBeLessThan(pair.measured_before_ms)
  }
})

test('fsdp_transpose joins fsdp, context is seq, slices are replicas, and a FLOP rate alone is no time', () => {
  expect(byId('public-gt080').to).toEqual({ data: 128 })
  expect(byId('public-gt073')).toMatchObject({ to: { data: 64, seq: 8 }, measured_after_ms: 34720 })
  expect(byId('public-gt104')).toMatchObject({ dcn: { replica: 8 }, measured_after_ms: null, workload: { slices: 8, topology: '16x16' } })
  expect(byId('public-gt128').workload.run.global_batch).toBe(32)
  expect(byId('public-gt151').workload.run.microbatches).toBe(8)
})

test('the batch of rows that count per batch shard is the global one', () => {
  expect(byId('public-gt156').workload.run.global_batch).toBe(24)
  expect(byId('public-gt165').workload.run.global_batch).toBe(16)
})

test('a time derived from tokens a second is batch times sequence over the rate of all chips', () => {
  const { measured_after_ms: ms } = byId('public-gt177')
  expect(ms).toBeCloseTo((1000 * 24 * 8192) / (5313 * 8), 0)
})

test('sources become addresses, and an unknown form is an error', () => {
  expect(addressOf('AI-Hypercomputer/maxtext:commit 8541405')).toBe('https://github.com/AI-Hypercomputer/maxtext/commit/8541405')
  expect(addressOf('a/b:README.md@c51f (+x.sh same commit)')).toBe('https://github.com/a/b/blob/c51f/README.md')
  expect(addressOf('a/b@d06288b:G/r/gpt3 + G/b/*.sh')).toBe('https://github.com/a/b/tree/d06288b/G/r/gpt3')
  expect(() => addressOf('somewhere')).toThrow()
})

test.skipIf(lacks('shared'))(needing('every row of the source table is a case or named as left out', 'shared'), () => {
  const rows = readTsv(readFileSync(join(sharedData, 'measured.tsv'), 'utf8'))
  const left = new Map(shippedCases.left_out.map(({ id, reason }) => [id, reason]))
  for (const row of rows) expect(byId(`public-${row.id}`) !== undefined || (left.get(row.id!) ?? '') !== '', row.id).toBe(true)
  expect(shippedCases.cases.filter(({ from }) => !from).length + left.size).toBe(rows.length)
  for (const row of rows) {
    const entry = byId(`public-${row.id}`)
    if (!entry?.to) continue
    expect(axisSize(entry.to, 'model'), row.id).toBe(Number(row.ici_tensor))
    expect(axisSize(entry.to, 'replica') * axisSize(entry.dcn, 'replica') * axisSize(entry.to, 'data'), row.id).toBe(
      (Number(row.devices) / Number(row.ici_tensor) / Number(row.ici_seq_context) / Number(row.ici_expert)) | 0,
    )
  }
})

test.skipIf(lacks('shared'))(needing('the scripts build exactly the committed cases and topologies', 'shared'), () => {
  const folder = mkdtempSync(join(tmpdir(), 'prompts-knowledge-'))
  for (const [script, file] of [
    ['build-cases.ts', 'cases.json'],
    ['build-topologies.ts', 'topologies.json'],
  ] as const) {
    execFileSync(process.execPath, [join(projectRoot, 'scripts', script), join(folder, file)])
    const committed = readFileSync(join(projectRoot, 'knowledge', file), 'utf8')
    expect(readFileSync(join(folder, file), 'utf8') === committed, `${file} is not what ${script} builds`).toBe(true)
  }
  rmSync(folder, { recursive: true })
})
