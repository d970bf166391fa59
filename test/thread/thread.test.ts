import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatMesh } from '../../src/contract/mesh.ts'
import { read } from '../../src/thread/intent.ts'
import type { ThreadAnswer } from '../../src/thread/thread.ts'
import { llamaExperiment, openTestService, requestFor, signal } from '../runs/service-fixture.ts'
import { cpuMs } from '../support/cpu-ms.ts'

describe('a follow-up is computed', () => {
  let test: Awaited<ReturnType<typeof openTestService>>
  let first: string
  beforeAll(async () => {
    test = await openTestService()
    const diagnosis = await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    first = formatMesh(diagnosis.cards[0]!.mesh)
  })
  afterAll(() => test.close())
  const ask = async (text: string) => {
    let answer: ThreadAnswer | undefined
    const spent = await cpuMs(async () => {
      const reading = read(text, { mentioned: true, cards: 3 })
      answer = await test.thread.answer({ run: 'r-1', tenant: 'T1', text, by: 'U1', reading }, { signal })
    })
    // two seconds is the promise; a slow machine gets twice that here
    expect(spent).toBeLessThan(4000)
    if (!answer) throw new Error('no answer')
    return answer
  }

  it('why not: the rule a mesh breaks, or what makes it slower, with numbers', async () => {
    expect((await ask('why not model=16?')).text).toMatch(/cannot run: KV heads 8 do not divide by model=16/)
    expect((await ask('why not data=16 model=4?')).text).toMatch(/predicted at .* s (?:a|per) step against .* exposed communication/)
    expect((await ask('why not data=8 model=8?')).text).toMatch(/is what you run, at 35.3 s per step/)
    expect((await ask('why not data=7?')).text).toMatch(/7/)
  })

  it('what if: the same mesh and the best one under the change', async () => {
    expect((await ask('what if batch doubles?')).text).toContain(`With global_batch=512, ${first}: legal and fits.`)
    expect((await ask('what if remat=minimal')).text).toMatch(/does not fit: \d+ of 95\.7 GiB/)
    expect((await ask('what if on v6e-256?')).text).toMatch(/Best on v6e-256 \(256 chips\)[\s\S]*Not anchored/)
    expect((await ask('what if on v5p 8x8x8')).text).toMatch(/512 chips\)[\s\S]*Anchored/)
    expect((await ask('what if on v6e')).text).toMatch(/Which v6e slice/)
    expect((await ask('what if model=4')).text).toMatch(/model=4: legal and fits/)
  })

  it('what if with nonsense is refused by name, not answered', async () => {
    await expect(ask('what if on v6e 99x99')).rejects.toMatchObject({ code: 'unknown_topology' })
    await expect(ask('what if batch=0.5x')).resolves.toMatchObject({ kind: expect.any(String) })
    await expect(ask('what if batch 999999999999999')).rejects.toMatchObject({ code: 'bad_arguments' })
  })

  it('compare: each part side by side, and whether the ranges tell them apart', async () => {
    const { text } = await ask('compare 1 and 2')
    expect(text).toMatch(/^Card 1: .* Card 2: /)
    expect(text).toMatch(/exposed communication: .* and .*/)
    expect(text).toMatch(/ranges overlap/)
    expect((await ask('compare 1 and 3')).kind).toBe('compare')
  })

  it('evidence: cases and documents with their links', async () => {
    expect((await ask('show the evidence')).text).toMatch(/doc .*\(https:\/\/.*\)/)
    expect((await ask('evidence for card 1')).text).not.toContain('Card 2')
  })

  it('anything else without a model: what can be asked', async () => {
    expect(await ask('tell me a joke')).toMatchObject({ kind: 'unknown', instead: expect.arrayContaining(['why not model=8?']) })
  })
})
