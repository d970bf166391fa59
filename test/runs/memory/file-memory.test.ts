import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileMemory } from '../../../src/runs/memory/file-memory.ts'
import type { ShardingMemory } from '../../../src/runs/memory/sharding-memory.ts'
import { memorySuite, request } from './memory-suite.ts'

let folder: string
let memory: ShardingMemory
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-memory-'))
  memory = createFileMemory({ folder })
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

memorySuite('file memory', { open: (store) => createFileMemory({ folder: join(tmpdir(), `prompts-memory-suite-${process.pid}`, store) }) })
afterAll(() => rmSync(join(tmpdir(), `prompts-memory-suite-${process.pid}`), { recursive: true, force: true }))

describe('file memory', () => {
  it('reads around a line that a crash tore, and puts the next event on a line of its own', async () => {
    await memory.begin(request('r1'))
    await memory.append('r1', { kind: 'note', name: 'first', data: null })
    appendFileSync(join(folder, 'runs/r1/events.jsonl'), '{"at":"2026-01-01T00:0')
    expect((await memory.events('r1')).map((event) => event.name)).toEqual(['experiment', 'first'])
    await memory.append('r1', { kind: 'note', name: 'second', data: { a: 1 } })
    expect((await memory.events('r1')).map((event) => event.name)).toEqual(['experiment', 'first', 'second'])
    expect(readFileSync(join(folder, 'runs/r1/events.jsonl'), 'utf8').endsWith('\n')).toBe(true)
  })

  it('refuses names that would leave its folder', async () => {
    await expect(memory.begin(request('../escape'))).rejects.toMatchObject({ code: 'unknown_run' })
    await expect(memory.append('a/b', { kind: 'note', name: 'x', data: null })).rejects.toMatchObject({ code: 'unknown_run' })
    await expect(memory.saveStage('r1', '../x', {})).rejects.toMatchObject({ code: 'internal' })
  })
})
