import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Programs } from '../../src/benchmark/compile-mesh.ts'
import { recordTruth } from '../../src/benchmark/record-truth.ts'
import { readTruth } from '../../src/benchmark/truth-file.ts'
import type { Compiler } from '../../src/compiler/compiler.ts'
import { smallRegime } from './table-fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'truth-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Says oom of everything, and counts. */
function refusingPrograms(): { programs: Programs; asked: () => number } {
  let asked = 0
  const compiler: Compiler = {
    status: async () => ({ ready: true, detail: '', versions: {} }),
    compile: async () => {
      asked++
      const verdict = {
        status: 'oom' as const,
        required_gib: 40,
        available_gib: 31.25,
        step_time_ms: null,
        effort: 'full' as const,
        program: 'reference' as const,
        versions: { jax: '0.10.2' },
        seconds: 3,
        message: null,
      }
      return { verdict, memory: null, study: null, hloPath: null }
    },
  }
  return { programs: { maxtext: null, compiler, known: () => null, knownReference: () => [], folder }, asked: () => asked }
}

describe('recording truth', () => {
  const path = join(folder, 'truth.jsonl')
  const record = (programs: Programs, budget: number, again = false) => {
    let now = 0
    const clock = () => now
    return recordTruth({
      regimes: [smallRegime],
      path,
      programs,
      clock,
      now: () => {
        now++
        return '2026-11-26T00:00:00.000Z'
      },
      untilMs: budget,
      again,
      note: () => {},
      signal: new AbortController().signal,
    })
  }

  it('stops when its time is over, goes on where it was, and compiles nothing twice', async () => {
    const first = refusingPrograms()
    expect(await record(first.programs, 3)).toBe(3)
    const second = refusingPrograms()
    const rest = await record(second.programs, 1000)
    const rows = readTruth(path)
    expect(rows).toHaveLength(3 + rest)
    expect(rows.length).toBeLessThanOrEqual(16)
    expect(second.asked()).toBe(rest)
    expect(await record(refusingPrograms().programs, 1000)).toBe(0)
    expect(rows.slice(0, 3).map(({ role }) => role)).toEqual(['card', 'card', 'card'])
  })

  it('compiles again what is recorded when it is told to, and the last verdict counts', async () => {
    const before = readTruth(path).length
    expect(await record(refusingPrograms().programs, 1000, true)).toBe(before)
    expect(readTruth(path)).toHaveLength(before)
    expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2 * before)
  })
})
