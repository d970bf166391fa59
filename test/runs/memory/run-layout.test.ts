import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createFileMemory } from '../../../src/runs/memory/file-memory.ts'
import { readRecord, runSteps, stampedRecord } from '../../../src/runs/memory/run-layout.ts'
import { request } from './memory-suite.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-layout-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const schema = z.strictObject({ team: z.string() })
const what = { kind: 'request' as const, what: 'Run r1', schema }

describe('a record of a run', () => {
  it('is written with its version, and read without', () => {
    expect(readRecord(JSON.stringify(stampedRecord({ team: 'T1' })), what)).toEqual({ team: 'T1' })
    expect(stampedRecord({ team: 'T1' })).toMatchObject({ schema: 1 })
    expect(readRecord('{"team":"T1"}', what)).toEqual({ team: 'T1' })
  })

  it('of an earlier version is brought to this one, step by step', () => {
    const steps = [
      ...runSteps,
      {
        to: 2,
        upgrade: (kind: string, value: unknown) => (kind === 'request' ? { workspace: (value as { tenant: string }).tenant } : value),
      },
      { to: 3, upgrade: (_kind: string, value: unknown) => ({ team: (value as { workspace: string }).workspace }) },
    ]
    for (const stored of [{ tenant: 'T1' }, { tenant: 'T1', schema: 1 }, { workspace: 'T1', schema: 2 }, { team: 'T1', schema: 3 }]) {
      expect(readRecord(JSON.stringify(stored), { ...what, steps })).toEqual({ team: 'T1' })
    }
  })

  it('of a newer version, and what is none, is refused in words', () => {
    const read = (text: string) => () => readRecord(text, what)
    expect(read('{"team":"T1","schema":2}')).toThrow(/Run r1 was written by a newer version \(schema 2, this one knows 1\)/)
    for (const text of ['{"tenant":"T1"}', '{"team":', '7']) expect(read(text)).toThrow(/Run r1 cannot be read/)
  })
})

it('a run of a newer version is left out of lists and stays where it is', async () => {
  const memory = createFileMemory({ folder })
  const thread = { team: 'T1', channel: 'C1', threadTs: '1.0', rootTs: null }
  for (const run of ['old', 'new']) await memory.begin({ ...request(run), thread })
  const path = join(folder, 'runs/new/request.json')
  writeFileSync(path, JSON.stringify({ run: 'new', shape: 'another', schema: 2 }))
  expect((await memory.open()).map(({ run }) => run)).toEqual(['old'])
  expect((await memory.list({ tenant: 'T1', limit: 10 })).map(({ run }) => run)).toEqual(['old'])
  await expect(memory.request('new')).rejects.toMatchObject({ code: 'unavailable' })
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ shape: 'another' })
})
