import { describe, expect, it } from 'vitest'
import { tryRemedies } from '../../../src/agents/remedies/try-remedies.ts'
import type { Situation } from '../../../src/agents/situation.ts'
import type { Compilation, Compiler } from '../../../src/compiler/compiler.ts'
import type { AntiPattern } from '../../../src/contract/profile-report.ts'
import type { CompilerVerdict } from '../../../src/contract/verdict.ts'
import { verdictOfMesh } from '../../../src/planner/verdict-of.ts'
import { exampleWorkload } from '../../support/workload.ts'

const { signal } = new AbortController()
const found: AntiPattern = { kind: 'gradient_reduce_in_loop', ops: ['all-reduce.1'], bytes: 2 ** 30, share: 0.2, fix: '' }

function compilation(stepTimeMs: number, status: CompilerVerdict['status'] = 'fits', antiPatterns: AntiPattern[] = []): Compilation {
  return {
    verdict: {
      ...{ status, required_gib: 12, available_gib: 15.75, step_time_ms: stepTimeMs, effort: 'full', program: 'reference' },
      ...{ versions: {}, seconds: 1, message: null },
    },
    memory: null,
    study: { stepTimeMs, exposedCommunicationMs: stepTimeMs / 10, collectives: [], antiPatterns },
    hloPath: null,
  }
}

/** Runs with a compiler that answers for four microbatches and for two. */
async function tried(answers: { four: Compilation; two?: Compilation }, patterns: AntiPattern[] = [found]) {
  const workload = exampleWorkload()
  workload.run = { ...workload.run, microbatches: 4 }
  const on = verdictOfMesh(workload, { data: 16 }, {})
  const asked: unknown[] = []
  const compiler: Compiler = {
    status: async () => ({ ready: true, detail: '', versions: {} }),
    async compile(_workload, candidate, { full }) {
      asked.push({ changes: candidate.changes, full })
      return Object.keys(candidate.changes).length === 0 ? answers.four : answers.two!
    },
  }
  const situation = { workload, baseline: on, report: { anti_patterns: patterns } } as unknown as Situation
  const result = await tryRemedies(
    { memory: { append: async () => {}, events: async () => [] }, compiler },
    { situation, on, suggestions: [], run: 'r' },
    signal,
  )
  return { ...result, asked }
}

describe('tryRemedies', () => {
  it('compiles the mesh as it is and changed, and says what the replay makes of it', async () => {
    const { suggestions, notes, asked } = await tried({ four: compilation(1000), two: compilation(800) })
    expect(asked).toEqual([
      { changes: {}, full: true },
      { changes: { microbatches: 2 }, full: true },
    ])
    expect(notes).toEqual([])
    expect(suggestions).toHaveLength(1)
    expect(suggestions[0]).toMatchObject({ by: 'compiler', settings: { gradient_accumulation_steps: '2' }, gain: { ratio: 1.25 } })
    expect(suggestions[0]!.gain!.low).toBeLessThan(1.25)
    expect(suggestions[0]!.why).toMatch(/^compiled on data=16: 12 → 12 GiB, replayed step 1(\.0+)? s → 800 ms; gradient reduce in loop/)
  })

  it('drops a remedy that gains nothing or does not fit, and says so', async () => {
    const slower = await tried({ four: compilation(1000), two: compilation(1001) })
    expect(slower.suggestions).toEqual([])
    expect(slower.notes[0]).toMatch(/^Tried 2 microbatches instead of 4 on data=16: .* no gain\.$/)
    const larger = await tried({ four: compilation(1000), two: compilation(800, 'oom') })
    expect(larger.suggestions).toEqual([])
    expect(larger.notes[0]).toMatch(/runs out of memory: it needs 12 GiB/)
  })

  it('keeps a remedy without an effect that could be computed, without a figure', async () => {
    const { suggestions, notes } = await tried({ four: compilation(1000), two: { ...compilation(0), study: null } })
    expect(suggestions[0]).toMatchObject({ gain: null, by: 'anti_pattern' })
    expect(notes[0]).toMatch(/no compiled effect, its schedule could not be replayed\.$/)
  })

  it('compiles nothing where nothing is found', async () => {
    expect(await tried({ four: compilation(1000) }, [])).toMatchObject({ suggestions: [], notes: [], asked: [] })
  })
})
