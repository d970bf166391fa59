import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RunRequest } from '../../../src/contract/run.ts'
import { createFileMemory } from '../../../src/runs/memory/file-memory.ts'
import { retell } from '../../../src/runs/memory/retell.ts'
import type { ShardingMemory } from '../../../src/runs/memory/sharding-memory.ts'

let folder: string
let memory: ShardingMemory
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-memory-'))
  memory = createFileMemory({ folder })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const request = (run: string, tenant = 'T1'): RunRequest => ({
  run,
  tenant,
  subject: { kind: 'experiment', id: 'exp-1' },
  compile: false,
  by: 'U1',
  at: '2026-01-01T00:00:00.000Z',
  thread: null,
})

describe('file memory', () => {
  it('keeps a request once, however often the same delivery begins it', async () => {
    await memory.begin(request('r1'))
    await memory.begin(request('r1'))
    expect(await memory.request('r1')).toEqual(request('r1'))
    expect((await memory.events('r1')).map((event) => event.kind)).toEqual(['request'])
    expect(await memory.list({ tenant: 'T1', limit: 10 })).toHaveLength(1)
  })

  it('reads around a line that a crash tore, and puts the next event on a line of its own', async () => {
    await memory.begin(request('r1'))
    await memory.append('r1', { kind: 'note', name: 'first', data: null })
    appendFileSync(join(folder, 'runs/r1/events.jsonl'), '{"at":"2026-01-01T00:0')
    expect((await memory.events('r1')).map((event) => event.name)).toEqual(['experiment', 'first'])
    await memory.append('r1', { kind: 'note', name: 'second', data: { a: 1 } })
    expect((await memory.events('r1')).map((event) => event.name)).toEqual(['experiment', 'first', 'second'])
    expect(readFileSync(join(folder, 'runs/r1/events.jsonl'), 'utf8').endsWith('\n')).toBe(true)
  })

  it('loses no event when many are added at once', async () => {
    await memory.begin(request('r1'))
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => memory.append('r1', { kind: 'tool_call', name: `t${i}`, data: 'x'.repeat(500) })),
    )
    expect(await memory.events('r1')).toHaveLength(51)
  })

  it('gives back a finished stage to another process, and nothing for one that never finished', async () => {
    await memory.begin(request('r1'))
    await memory.saveStage('r1', 'analyze', { class: 'hbm' })
    const other = createFileMemory({ folder })
    expect(await other.stageResult('r1', 'analyze')).toEqual({ class: 'hbm' })
    expect(await other.stageResult('r1', 'propose')).toBeNull()
    expect(await other.diagnosis('r1')).toBeNull()
  })

  it('lists a tenant its own runs only, newest first', async () => {
    await memory.begin(request('a'))
    await memory.begin(request('b', 'T2'))
    await memory.begin(request('c'))
    await memory.begin(request('d', '../T1'))
    expect((await memory.list({ tenant: 'T1', limit: 10 })).map((one) => one.run)).toEqual(['c', 'a'])
    expect((await memory.list({ tenant: 'T1', limit: 1 })).map((one) => one.run)).toEqual(['c'])
    await memory.delete('c')
    expect((await memory.list({ tenant: 'T1', limit: 10 })).map((one) => one.run)).toEqual(['a'])
  })

  it('refuses names that would leave its folder', async () => {
    await expect(memory.begin(request('../escape'))).rejects.toMatchObject({ code: 'unknown_run' })
    await expect(memory.append('a/b', { kind: 'note', name: 'x', data: null })).rejects.toMatchObject({ code: 'unknown_run' })
    await expect(memory.saveStage('r1', '../x', {})).rejects.toMatchObject({ code: 'internal' })
  })

  it('retells a run from its record', async () => {
    await memory.begin(request('r1'))
    await memory.append('r1', { kind: 'tool_call', name: 'evaluate_mesh', data: { mesh: { data: 8 } } })
    const told = await retell(memory, 'r1')
    expect(told).toContain('asked by U1')
    expect(told).toMatch(/tool_call\s+evaluate_mesh\s+\{"mesh":\{"data":8\}\}/)
    expect(told).toContain('No diagnosis was stored.')
    expect(await retell(memory, 'r2')).toBeNull()
  })
})
