import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { formatMesh, type Mesh } from '../../src/contract/mesh.ts'
import { read } from '../../src/thread/intent.ts'
import { llamaExperiment, openTestService, requestFor, signal } from '../runs/service-fixture.ts'
import {
  goodModel,
  isAnalyzer,
  jsonTurn,
  openGeminiService,
  rationaleFor,
  resultsOf,
  type Script,
  startGemini,
  toolTurn,
} from './gemini-server.ts'

const cleanup: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

async function diagnoseWith(
  script: Script,
  options: { env?: Record<string, string>; mock?: (mock: Awaited<ReturnType<typeof startGemini>>) => void } = {},
) {
  const gemini = await startGemini(script)
  cleanup.push(gemini.stop)
  options.mock?.(gemini)
  const test = await openGeminiService(gemini.url, { env: options.env ?? {} })
  cleanup.push(test.close)
  const diagnosis = await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
  const events = await test.deps.memory.events('r-1')
  return { ...test, gemini, diagnosis, events }
}

async function ruleCards() {
  const test = await openTestService()
  cleanup.push(test.close)
  return (await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })).cards.map((card) =>
    formatMesh(card.mesh),
  )
}

describe('Gemini over its protocol', () => {
  it('reasons with tools end to end; the memory holds every call and the cost is recorded', async () => {
    const { diagnosis, events, gemini, folder } = await diagnoseWith(goodModel)
    expect(diagnosis.reasoning).toBe('gemini')
    expect(diagnosis.cards).toHaveLength(3)
    const [card] = diagnosis.cards
    const step = (card!.estimate!.step_time_ms / 1000).toFixed(1)
    expect(card!.rationale).toContain(
      `The job is communication-bound with 31 % of the step exposed. This mesh is predicted at ${step} s a step`,
    )
    expect(diagnosis.notes.join('\n')).toContain('Gemini: Collectives are in flight 43 %')
    // 1000 tokens in and 100 out a call, at $1.5 and $9 a million
    expect(diagnosis.cost_usd).toBeCloseTo(gemini.requests.length * (0.0015 + 0.0009), 6)
    const calls = events.filter((event) => event.kind === 'model_output')
    expect(calls).toHaveLength(gemini.requests.length)
    expect(events.filter((event) => event.kind === 'tool_call').map((event) => event.name)).toEqual([
      'get_report',
      'get_report',
      'list_meshes',
    ])
    const spent = readdirSync(join(folder, 'spend'), { recursive: true }).filter((name) => String(name).endsWith('.txt'))
    expect(spent).toHaveLength(1)
  })

  it('asks Gemini 3 with a thinking level and a schema, 2.5 with a budget and without a schema beside tools', async () => {
    const three = await diagnoseWith(goodModel, { env: { PROMPTS_GEMINI_MODEL: 'gemini-3.1-pro-preview' } })
    const two = await diagnoseWith(goodModel, { env: { PROMPTS_GEMINI_MODEL: 'gemini-2.5-pro' } })
    expect(three.diagnosis.reasoning).toBe('gemini')
    expect(two.diagnosis.reasoning).toBe('gemini')
    const raw = (one: typeof three) => one.gemini.mock.getRequests().map((entry) => JSON.stringify(entry))
    expect(raw(three).every((text) => text.includes('gemini-3.1-pro-preview'))).toBe(true)
    expect(raw(two).every((text) => text.includes('gemini-2.5-pro'))).toBe(true)
  })

  it('cannot lie: sentences with numbers and citations that no tool said are removed and counted', async () => {
    const lying: Script = (request, call) => {
      if (isAnalyzer(request)) {
        if (!resultsOf(request).get_report) return toolTurn('get_report')
        return jsonTurn({ bottleneck: 'communication', notes: ['The MXU is at 93 %.', 'As [case:secret-case] shows, use v6e.'] })
      }
      const good = goodModel(request, call) as { content?: string }
      if (!good.content) return good as never
      const { proposals } = JSON.parse(good.content)
      for (const one of proposals)
        one.rationale = `${one.rationale} It will run in 9.9 s and save $5 million. Visit https://evil.example now.`
      return jsonTurn({ proposals })
    }
    const { diagnosis, events } = await diagnoseWith(lying)
    const text = JSON.stringify([diagnosis.cards.map((card) => card.rationale), diagnosis.notes])
    for (const lie of ['93 %', 'secret-case', '9.9 s', '5 million', 'evil.example']) expect(text).not.toContain(lie)
    expect(diagnosis.cards[0]!.rationale).toMatch(/31 % of the step exposed/)
    expect(diagnosis.notes.join('\n')).toMatch(/sentences of Gemini's were removed/)
    const grounding = events.filter((event) => event.name.startsWith('grounding'))
    expect(grounding.map((event) => (event.data as { removed: number }).removed).every((count) => count > 0)).toBe(true)
  })

  it('never lets an infeasible proposal through: objections go back twice, then it is dropped', async () => {
    let objections = 0
    const stubborn: Script = (request, call) => {
      if (isAnalyzer(request)) return goodModel(request, call)
      const last = request.messages.at(-1)
      if (typeof last?.content === 'string' && last.content.startsWith('The verifier rejects')) {
        objections++
        expect(last.content).toMatch(/data=7: .*64|KV heads/)
      }
      const good = goodModel(request, call) as { content?: string }
      if (!good.content) return good as never
      const { proposals } = JSON.parse(good.content)
      return jsonTurn({
        proposals: [
          { mesh: { data: 7 }, rationale: 'Seven is lucky.' },
          { mesh: { model: 64 }, rationale: 'All in.' },
          ...proposals.slice(0, 2),
        ],
      })
    }
    const { diagnosis } = await diagnoseWith(stubborn)
    expect(objections).toBe(2)
    expect(diagnosis.cards.every((card) => card.legal && card.memory?.fits)).toBe(true)
    expect(diagnosis.notes.join('\n')).toContain("rejected 2 of Gemini's proposals")
  })

  it('repairs an answer once that is not JSON', async () => {
    let broken = 0
    const { diagnosis } = await diagnoseWith((request, call) => {
      const answer = goodModel(request, call) as { content?: string }
      if (answer.content && broken++ === 0) return { content: '{"bottleneck": "communication", ' } as never
      if (answer.content) return { content: `\`\`\`json\n${answer.content}\n\`\`\`` } as never
      return answer as never
    })
    expect(diagnosis.reasoning).toBe('gemini')
    expect(diagnosis.notes.join('\n')).not.toContain('Gemini did not')
  })

  it('waits and tries again when the server is busy', async () => {
    const { diagnosis } = await diagnoseWith(goodModel, { mock: ({ mock }) => mock.nextRequestError(429, { message: 'slow down' }) })
    expect(diagnosis.reasoning).toBe('gemini')
    expect(diagnosis.notes.join('\n')).not.toContain('Gemini did not')
  })
})

describe('a model that fails ends in the rules’ answer with a note', () => {
  const failures: [string, Script, RegExp][] = [
    [
      'malformed JSON twice',
      (request, call) => (resultsOf(request).get_report ? ({ content: 'I think you should…' } as never) : goodModel(request, call)),
      /not JSON/,
    ],
    ['a refusal', () => ({ content: '', finishReason: 'content_filter' }) as never, /refused/],
    ['a tool loop', () => toolTurn('get_report'), /same arguments/],
    ['a tool loop with changing arguments', (_request, call) => toolTurn('search_docs', { query: `q${call}` }), /without an answer/],
    ['rate limits without end', () => ({ error: { message: 'quota', type: 'RESOURCE_EXHAUSTED' }, status: 429 }) as never, /quota/],
    ['a server that fails', () => ({ error: { message: 'boom' }, status: 500 }) as never, /boom/],
    ['an answer cut off', () => ({ content: '{"a":', finishReason: 'length' }) as never, /cut off/],
    [
      'an answer of another schema',
      (request, call) => (resultsOf(request).get_report ? jsonTurn({ mesh: 'data=64' }) : goodModel(request, call)),
      /schema/,
    ],
  ]
  it.each(failures)('%s', async (_name, script, why) => {
    const expected = await ruleCards()
    const { diagnosis, events } = await diagnoseWith(script)
    expect(diagnosis.reasoning).toBe('rules')
    expect(diagnosis.cards.map((card) => formatMesh(card.mesh))).toEqual(expected)
    expect(diagnosis.notes.join('\n')).toMatch(/Gemini did not propose \(.*the rules did/)
    expect(diagnosis.notes.join('\n')).toMatch(why)
    expect(events.some((event) => event.name === 'gemini failed: propose')).toBe(true)
  })

  it('a model that does not answer in time', async () => {
    // the Analyzer's part of 16 s is 4; the rest of the run keeps its own
    const silent: Script = (request, call) =>
      isAnalyzer(request) ? new Promise((resolve) => setTimeout(() => resolve({ content: '' } as never), 6000)) : goodModel(request, call)
    const { diagnosis } = await diagnoseWith(silent, { env: { PROMPTS_RUN_DEADLINE_SECONDS: '16' } })
    expect(diagnosis.cards).toHaveLength(3)
    expect(diagnosis.notes.join('\n')).toMatch(/analyze with Gemini did not finish in 4 s/)
  })

  it('a day whose money is spent: Gemini is not asked', async () => {
    const { diagnosis, gemini } = await diagnoseWith(goodModel, { env: { PROMPTS_SPEND_CAP_USD: '0' } })
    expect(diagnosis.reasoning).toBe('rules')
    expect(gemini.requests).toHaveLength(0)
    expect(diagnosis.notes.join('\n')).toMatch(/Gemini budget is used up/)
  })

  it('one failing sample of three does not spoil the others', async () => {
    const { diagnosis } = await diagnoseWith(
      (request, call) => {
        if (isAnalyzer(request)) return goodModel(request, call)
        return call === 3 ? ({ content: '', finishReason: 'content_filter' } as never) : goodModel(request, call)
      },
      { env: { PROMPTS_GEMINI_SAMPLES: '3' } },
    )
    expect(diagnosis.reasoning).toBe('gemini')
    expect(diagnosis.notes.join('\n')).toContain('1 of 3 samples of Gemini gave no answer')
  })
})

describe('who decides', () => {
  /** A model that always proposes these, after it has looked at the report. */
  const proposing =
    (...meshes: Mesh[]): Script =>
    (request, call) => {
      if (isAnalyzer(request)) return goodModel(request, call)
      if (!resultsOf(request).get_report) return toolTurn('get_report')
      return jsonTurn({ proposals: meshes.map((mesh) => ({ mesh, rationale: 'Trust me.' })) })
    }

  it('an oracle’s mesh, feasible and ranked low, is the third card, called the model’s, with what the planner expects of it', async () => {
    const rules = await ruleCards()
    const { diagnosis } = await diagnoseWith(proposing({ data: 4, model: 4, seq: 4 }))
    expect(diagnosis.cards.map((card) => formatMesh(card.mesh))).toEqual([...rules.slice(0, 2), 'data=4 · seq=4 · model=4'])
    expect(diagnosis.cards.map((card) => card.chosen_by === 'agent')).toEqual([false, false, true])
    expect(diagnosis.cards[2]!.rationale).toMatch(
      /^An idea of the model, not of the planner, which expects \d+% more time per token than card 1\./,
    )
    expect(diagnosis.reasoning).toBe('gemini')
  })

  it('a model that repeats the planner’s cards chose none: the rules reason', async () => {
    const { diagnosis } = await diagnoseWith(proposing({ data: 64 }))
    expect(diagnosis.cards.map((card) => formatMesh(card.mesh))).toEqual(await ruleCards())
    expect(diagnosis.cards.some((card) => card.chosen_by === 'agent')).toBe(false)
    expect(diagnosis.reasoning).toBe('rules')
  })

  it('an illegal mesh, or the mesh that ran, is no idea', async () => {
    const rules = await ruleCards()
    const { diagnosis } = await diagnoseWith(proposing({ data: 7 }, { data: 8, model: 8 }))
    expect(diagnosis.cards.map((card) => formatMesh(card.mesh))).toEqual(rules)
  })

  it('another bottleneck stands beside the measured one where a figure supports it, and nowhere where none does', async () => {
    const reading =
      (evidence: string[]): Script =>
      (request, call) => {
        if (!isAnalyzer(request)) return goodModel(request, call)
        return resultsOf(request).get_report ? jsonTurn({ bottleneck: 'hbm', evidence, notes: [] }) : toolTurn('get_report')
      }
    const supported = await diagnoseWith(reading(['Collectives are in flight 43% of the step.']))
    expect(supported.diagnosis.bottleneck.class).toBe('communication')
    expect(supported.diagnosis.second_reading).toEqual({ class: 'hbm', evidence: ['Collectives are in flight 43% of the step.'] })
    const empty = await diagnoseWith(reading(['HBM is at 99% all the time.']))
    expect(empty.diagnosis.second_reading).toBeNull()
  })

  it('answers every call of a turn, also those beyond what it runs', async () => {
    let answered = 0
    await diagnoseWith((request, call) => {
      if (isAnalyzer(request)) return goodModel(request, call)
      const results = request.messages.filter((message) => message.role === 'tool').length
      if (results === 0)
        return {
          toolCalls: Array.from({ length: 12 }, (_, i) => ({
            name: 'evaluate_mesh',
            arguments: JSON.stringify({ mesh: { data: 2 ** (i % 7) } }),
          })),
        } as never
      answered = Math.max(answered, results)
      return jsonTurn({ proposals: [{ mesh: { data: 64 }, rationale: 'As ranked.' }] })
    })
    expect(answered).toBe(12)
  })

  it('refuses a model that is not known, with the list', async () => {
    await expect(openGeminiService('http://127.0.0.1:9', { env: { PROMPTS_GEMINI_MODEL: 'gemini-9-ultra' } })).rejects.toThrow(
      /gemini-9-ultra, which is no model that is known/,
    )
  })
})

describe('stability', () => {
  it('gives the same first two cards in every repeated run over answers that vary, and the third is the planner’s or called the model’s', async () => {
    const random = randomFrom(42)
    // temperature 1: other meshes, other order, illegal ones, other words, now and then no answer
    const gemini = await startGemini((request, call) => {
      const good = goodModel(request, call) as { content?: string }
      if (isAnalyzer(request) || !good.content) return good as never
      if (random() < 0.05) return { content: 'no JSON' } as never
      const { meshes } = resultsOf(request).list_meshes as { meshes: Parameters<typeof rationaleFor>[0][] }
      const picked = meshes.filter(() => random() < 0.4).sort(() => random() - 0.5)
      const wild = { mesh: { data: 2 ** Math.floor(random() * 7), model: 2 ** Math.floor(random() * 7) }, rationale: 'Try this.' }
      return jsonTurn({
        proposals: [
          ...(random() < 0.5 ? [wild] : []),
          ...picked.map((one) => ({ mesh: one.mesh, rationale: rationaleFor(one) })),
          wild,
        ].slice(0, 5),
      })
    })
    cleanup.push(gemini.stop)
    const test = await openGeminiService(gemini.url, { env: { PROMPTS_GEMINI_SAMPLES: '3' } })
    cleanup.push(test.close)
    const answers = new Map<string, number>()
    const expected = await ruleCards()
    const runs = 20
    for (let i = 0; i < runs; i++) {
      const diagnosis = await test.service.diagnose(requestFor(llamaExperiment, { run: `r-${i}` }), { onProgress: () => {}, signal })
      const meshes = diagnosis.cards.map((card) => formatMesh(card.mesh))
      const key = meshes.slice(0, 2).join(' | ')
      answers.set(key, (answers.get(key) ?? 0) + 1)
      expect(diagnosis.cards[2]!.chosen_by === 'agent').toBe(meshes[2] !== expected[2])
    }
    expect([...answers.keys()]).toEqual([expected.slice(0, 2).join(' | ')])
  }, 120_000)
})

describe('a free question', () => {
  it('is streamed sentence by sentence and shows only what the run’s tools said', async () => {
    const gemini = await startGemini((request, call) => {
      const asked = JSON.stringify(request.messages)
      if (!asked.includes('DATA')) return goodModel(request, call)
      return { content: 'Exposed communication is 31 % of the step. It will be 3.21 s tomorrow. Card 1 removes most of it.' } as never
    })
    cleanup.push(gemini.stop)
    const test = await openGeminiService(gemini.url)
    cleanup.push(test.close)
    await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    const shown: string[] = []
    const text = 'in plain words, is there any hope for my job?'
    const answer = await test.thread.answer(
      { run: 'r-1', tenant: 'T1', text, by: 'U1', reading: read(text, { mentioned: true, cards: 3 }) },
      { signal, onText: (text) => shown.push(text) },
    )
    expect(answer.kind).toBe('question')
    expect(answer.text).toContain('Exposed communication is 31 % of the step. Card 1 removes most of it.')
    expect(answer.text).toContain('1 sentence removed')
    expect(shown.join()).not.toContain('3.21')
    expect(shown.length).toBeGreaterThan(0)
    const memory = readFileSync(join(test.folder, 'runs/r-1/events.jsonl'), 'utf8')
    expect(memory).toContain('question gemini-3.5-flash')
  })

  it('has the tools, and what was said in the thread before', async () => {
    const gemini = await startGemini((request, call) => {
      if (!JSON.stringify(request.messages).includes('DATA')) return goodModel(request, call)
      if (!resultsOf(request).compare_meshes)
        return toolTurn('compare_meshes', { first: { mesh: { data: 64 } }, second: { mesh: { data: 8, model: 8 } } })
      return { content: 'The first mesh takes less time. The case would be closed at 77.7 %.' } as never
    })
    cleanup.push(gemini.stop)
    const test = await openGeminiService(gemini.url)
    cleanup.push(test.close)
    await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    const ask = (text: string) =>
      test.thread.answer({ run: 'r-1', tenant: 'T1', text, by: 'U1', reading: read(text, { mentioned: true, cards: 3 }) }, { signal })
    await ask('is there any hope for my job?')
    gemini.requests.length = 0
    const second = await ask('and in plain words, should I even try?')
    expect(second.text).toBe("The first mesh takes less time.\n(1 sentence removed: not in this run's data.)")
    // what sorts a message is asked before, and knows nothing of the thread
    const asked = gemini.requests.map(({ messages }) => JSON.stringify(messages))
    const messages = asked.find((text) => text.includes('DATA'))!
    expect(messages).toContain('is there any hope for my job?')
    expect(messages.indexOf('is there any hope')).toBeLessThan(messages.indexOf('should I even try'))
    expect(resultsOf(gemini.requests.at(-1)!).compare_meshes).toMatchObject({ time_change: expect.any(Number) })
  })

  it('looks closer where it is asked to: compiles at most two meshes, and says what that cost', async () => {
    const meshes = [{ data: 64 }, { data: 16, seq: 4 }, { data: 32, seq: 2 }]
    const gemini = await startGemini((request, call) => {
      if (!JSON.stringify(request.messages).includes('DATA')) return goodModel(request, call)
      const asked = request.messages.filter(({ role }) => role === 'tool').length
      const mesh = meshes[asked]
      return mesh ? toolTurn('compile_mesh', { mesh }) : ({ content: 'Both compile. The first needs 41.5 GiB.' } as never)
    })
    cleanup.push(gemini.stop)
    const test = await openGeminiService(gemini.url)
    cleanup.push(test.close)
    const compiled: string[] = []
    test.deps.compiler = {
      status: async () => ({ ready: true, detail: '', versions: {} }),
      async compile(_workload, candidate) {
        compiled.push(formatMesh(candidate.mesh))
        const verdict = {
          status: 'fits',
          required_gib: 41.5,
          available_gib: 95.7,
          step_time_ms: null,
          effort: 'fast',
          program: 'reference',
        }
        return { verdict: { ...verdict, versions: {}, seconds: 1, message: null } as never, memory: null, study: null, hloPath: null }
      },
    }
    await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    const text = 'go deeper: do the two alternatives compile?'
    const reading = read(text, { mentioned: false, cards: 3 })
    expect(reading.intent).toBe('question')
    const answer = await test.thread.answer({ run: 'r-1', tenant: 'T1', text, by: 'U1', reading }, { signal })
    expect(compiled).toEqual(['data=64', 'data=16 · seq=4'])
    expect(answer.text).toMatch(
      /^Both compile\. The first needs 41\.5 GiB\.\n\(This answer cost \$\d+\.\d{3}, 2 meshes compiled; \$\d+\.\d{2} of today's \$\d+ are spent\.\)$/,
    )
  })

  it('says what a closer look takes where there is no model', async () => {
    const test = await openTestService()
    cleanup.push(test.close)
    await test.service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal })
    const text = 'go deeper'
    const answer = await test.thread.answer(
      { run: 'r-1', tenant: 'T1', text, by: 'U1', reading: read(text, { mentioned: true, cards: 3 }) },
      { signal },
    )
    expect(answer.text).toContain('GEMINI_API_KEY')
  })
})

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
