import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Compiler } from '../../src/compiler/compiler.ts'
import { diagnosisSchema } from '../../src/contract/diagnosis.ts'
import type { Experiment } from '../../src/contract/experiment.ts'
import { formatMesh, meshSize, sameMesh } from '../../src/contract/mesh.ts'
import type { CompilerVerdict } from '../../src/contract/verdict.ts'
import type { RunDeps } from '../../src/runs/deps.ts'
import { read } from '../../src/thread/intent.ts'
import { communicationReport, llamaExperiment, openTestService, requestFor, signal } from './service-fixture.ts'

const opened: { close(): Promise<void> }[] = []
async function open(options: Parameters<typeof openTestService>[0] = {}) {
  const test = await openTestService(options)
  opened.push(test)
  return test
}
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})
const quiet = { onProgress: () => {}, signal }

describe('a diagnosis', () => {
  it('is three different feasible cards with numbers, evidence and a pasteable snippet', async () => {
    const { service, deps } = await open()
    const stages: string[] = []
    const diagnosis = await service.diagnose(requestFor(llamaExperiment), {
      onProgress: (one) => stages.push(`${one.stage} ${one.status}`),
      signal,
    })
    expect(() => diagnosisSchema.parse(diagnosis)).not.toThrow()
    expect(diagnosis.bottleneck.class).toBe('communication')
    expect(diagnosis.cards.map((card) => card.rank)).toEqual([1, 2, 3])
    for (const card of diagnosis.cards) {
      expect(card.legal && card.memory?.fits).toBe(true)
      expect(meshSize(card.mesh)).toBe(64)
      expect(sameMesh(card.mesh, llamaExperiment.mesh!)).toBe(false)
      expect(card.predicted_speedup).toBeGreaterThan(1)
      // two sentences; the first has the measured figures, the second the step before and after
      expect(card.rationale).toMatch(/43% of the step, 31% with nothing computing\. /)
      expect(card.rationale).toContain('from 35.3 s to ')
      expect(card.evidence.map((one) => one.kind)).toContain('doc')
      expect(Object.keys(card.snippets)).toEqual(['maxtext'])
      if (card.physical === 'split') expect(card.snippets.maxtext).toContain('allow_split_physical_axes=true')
    }
    // a case is cited on the cards whose kind of mesh it is about
    expect(diagnosis.cards.some(({ evidence }) => evidence.some((one) => one.kind === 'case'))).toBe(true)
    expect(new Set(diagnosis.cards.map((card) => formatMesh(card.mesh))).size).toBe(3)
    expect(diagnosis.baseline?.estimate?.step_time_ms).toBeCloseTo(35_300, 0)
    expect(stages).toContain('verify done')
    expect(await deps.memory.diagnosis('r-1')).toEqual(diagnosis)
    expect((await deps.memory.events('r-1')).map((event) => event.kind)).toEqual(expect.arrayContaining(['request', 'stage', 'card']))
  })

  it('goes on after a crash with the stage after the last stored one, and gives a finished run back as it is', async () => {
    const first = await open()
    let reads = 0
    const dying: RunDeps['readProfile'] = async () => {
      reads++
      return { report: communicationReport, details: null }
    }
    first.deps.readProfile = dying
    const search = first.deps.library.search.bind(first.deps.library)
    first.deps.library.search = async () => {
      throw new Error('the process died here')
    }
    await expect(first.service.diagnose(requestFor(llamaExperiment), quiet)).rejects.toMatchObject({ code: 'internal' })
    expect(existsSync(join(first.folder, 'runs/r-1/stages/analyze.json'))).toBe(true)
    first.deps.library.search = search
    const diagnosis = await first.service.diagnose(requestFor(llamaExperiment), quiet)
    expect(diagnosis.cards).toHaveLength(3)
    expect(reads).toBe(1)
    first.deps.loadExperiment = async () => {
      throw new Error('not asked again')
    }
    expect(await first.service.diagnose(requestFor(llamaExperiment), quiet)).toEqual(diagnosis)
  })

  it('stops when it is cancelled, says so, and keeps what was done', async () => {
    const controller = new AbortController()
    const { service, deps } = await open({
      deps: {
        readProfile: async () => {
          controller.abort()
          return { report: communicationReport, details: null }
        },
      },
    })
    await expect(service.diagnose(requestFor(llamaExperiment), { onProgress: () => {}, signal: controller.signal })).rejects.toMatchObject({
      code: 'cancelled',
    })
    expect(await deps.memory.diagnosis('r-1')).toBeNull()
    expect((await deps.memory.events('r-1')).some((event) => event.kind === 'error')).toBe(true)
  })

  it('ends at its deadline with a message instead of hanging', async () => {
    const { service } = await open({ deps: { readProfile: () => new Promise(() => {}) } })
    const opened2 = await open({ env: { PROMPTS_RUN_DEADLINE_SECONDS: '5' } })
    opened2.deps.config.PROMPTS_RUN_DEADLINE_SECONDS = 0.05
    opened2.deps.readProfile = () => new Promise(() => {})
    await expect(opened2.service.diagnose(requestFor(llamaExperiment), quiet)).rejects.toMatchObject({ code: 'timeout' })
    expect(service).toBeDefined()
  })

  it('without a profile is a cold start that says so, with a predicted bottleneck', async () => {
    const { service } = await open({ report: null })
    const diagnosis = await service.diagnose(requestFor(llamaExperiment), quiet)
    expect(diagnosis.cards).toHaveLength(3)
    expect(diagnosis.notes.join('\n')).toMatch(/Cold start: there is no profile/)
    expect(diagnosis.bottleneck.confidence).toBeLessThan(0.5)
    expect(diagnosis.bottleneck.evidence[0]).toMatch(/^predicted, not measured/)
    expect(diagnosis.cards[0]!.rationale).toMatch(/^The job is predicted to be/)
  })

  it('without a mesh finds one, and claims no speedup over nothing', async () => {
    const { mesh: _, ...without } = llamaExperiment
    const { service } = await open({ report: null })
    const diagnosis = await service.diagnose(requestFor(without), quiet)
    expect(diagnosis.baseline).toBeNull()
    expect(diagnosis.bottleneck.class).toBe('unknown')
    expect(diagnosis.cards.map((card) => card.predicted_speedup)).toEqual([null, null, null])
  })

  it('calls a baseline that does not fit capacity, before anything the profile says', async () => {
    const experiment: Experiment = { ...llamaExperiment, hardware: { chip: 'v5e', topology: '16x16' }, mesh: { replica: 64, data: 4 } }
    const { service } = await open({ report: null })
    const diagnosis = await service.diagnose(requestFor(experiment), quiet)
    expect(diagnosis.bottleneck.class).toBe('capacity')
    expect(diagnosis.bottleneck.evidence[0]).toMatch(/GiB per device/)
    expect(diagnosis.cards.every((card) => card.memory?.fits)).toBe(true)
    expect(diagnosis.cards[0]!.predicted_speedup).toBeNull()
    expect(diagnosis.cards[0]!.rationale).toMatch(/^The job runs out of memory/)
  })

  it('says a true no that leads with what comes nearest where nothing fits', async () => {
    const experiment: Experiment = {
      ...llamaExperiment,
      hardware: { chip: 'v5e', topology: '4x4' },
      mesh: { data: 16 },
      run: { ...llamaExperiment.run, global_batch: 16 },
    }
    const { service, deps } = await open({ report: null })
    const failure = service.diagnose(requestFor(experiment), quiet)
    await expect(failure).rejects.toMatchObject({ code: 'not_feasible', exitCode: 3 })
    await expect(failure).rejects.toThrow(/^data=\d+ (· model=2 )?comes nearest: .* of 15\.8 GiB/)
    expect((await deps.memory.events('r-1')).at(-1)).toMatchObject({ kind: 'error' })
  })

  it('with fewer than three feasible proposals says so and why', async () => {
    const experiment: Experiment = {
      ...llamaExperiment,
      hardware: { chip: 'v6e', topology: '1x1' },
      model: { layers: 4, embed: 512, mlp: 1024, heads: 8, kv_heads: 8, head_dim: 64, vocab: 1000 },
      run: { ...llamaExperiment.run, global_batch: 8, seq_len: 512 },
      mesh: { data: 1 },
    }
    const { service } = await open({ report: null })
    const diagnosis = await service.diagnose(requestFor(experiment), quiet)
    expect(diagnosis.cards).toHaveLength(0)
    expect(diagnosis.notes.join('\n')).toMatch(/No card instead of three: of 1 candidates 1 are legal and 1 fit/)
  })

  it('does not anchor predictions to a profile of another device, and names it', async () => {
    const gpu = { ...communicationReport, device: { type: 'Nvidia GPU (V100)', devices: 8, hosts: 1 } }
    const { service } = await open({ report: gpu })
    const diagnosis = await service.diagnose(requestFor(llamaExperiment), quiet)
    expect(diagnosis.notes.join('\n')).toMatch(/Nvidia GPU.*not from a TPU/)
    expect(diagnosis.baseline?.estimate?.step_time_ms).not.toBeCloseTo(35_300, 0)
  })

  it('of a profile alone is a report without cards that says what is missing', async () => {
    const { service } = await open({
      deps: {
        loadExperiment: async () => ({ experiment: null, origin: 'profile x', profile: { name: 'x', open: async () => 'x' }, links: [] }),
      },
    })
    const diagnosis = await service.diagnose(requestFor(llamaExperiment), quiet)
    expect(diagnosis.cards).toEqual([])
    expect(diagnosis.experiment).toBeNull()
    expect(diagnosis.notes.join('\n')).toMatch(/Missing: an experiment file/)
    expect(() => diagnosisSchema.parse(diagnosis)).not.toThrow()
  })
})

describe('the compiler', () => {
  const verdict = (status: CompilerVerdict['status'], required: number): CompilerVerdict => ({
    status,
    required_gib: required,
    available_gib: 95.74,
    step_time_ms: null,
    effort: 'fast',
    program: 'reference',
    versions: {},
    seconds: 1,
    message: null,
  })
  const compilerThat = (verdictOn: (mesh: string) => CompilerVerdict): Compiler & { asked: string[] } => {
    const asked: string[] = []
    return {
      asked,
      status: async () => ({ ready: true, detail: '', versions: {} }),
      async compile(_workload, candidate) {
        asked.push(formatMesh(candidate.mesh))
        expect(candidate.maxtextFlags?.join(' ')).toContain('ici_fsdp_parallelism=')
        return { verdict: verdictOn(formatMesh(candidate.mesh)), memory: null, study: null, hloPath: null }
      },
    }
  }

  it('updates the cards in place, and withdraws and replaces one that runs out of memory', async () => {
    const { service, deps } = await open()
    const before = await service.diagnose(requestFor(llamaExperiment), quiet)
    const first = formatMesh(before.cards[0]!.mesh)
    const compiler = compilerThat((mesh) => (mesh === first ? verdict('oom', 120) : verdict('fits', 60)))
    deps.compiler = compiler
    await service.adopt({ run: 'r-1', rank: 1, by: 'U7', tenant: 'T1' })
    const changes: { ranks: number[]; withdrawn: string[] }[] = []
    await service.compileCards('r-1', {
      signal,
      onCard: async (cards, withdrawn) => {
        for (const { card, reason } of withdrawn) await service.refuse({ run: 'r-1', tenant: 'T1', rank: card.rank, why: reason })
        changes.push({
          ranks: cards.map((card) => card.rank),
          withdrawn: withdrawn.map((one) => `${formatMesh(one.card.mesh)}: ${one.reason}`),
        })
      },
    })
    expect(changes).toHaveLength(3)
    expect(changes[0]).toEqual({ ranks: [1, 2, 3], withdrawn: [`${first}: the TPU compiler runs out of memory: it needs 120 of 95.7 GiB`] })
    const after = await deps.memory.diagnosis('r-1')
    expect(formatMesh(after!.cards[0]!.mesh)).not.toBe(first)
    expect(after!.cards.map((card) => card.compiler?.status)).toEqual(['fits', 'fits', 'fits'])
    expect(compiler.asked).toHaveLength(4)
    // the adopted card was withdrawn with it
    const own = await deps.library.list({ kind: 'case', tenant: 'T1', limit: 9, own: true })
    expect(own.map((item) => item.status)).toEqual(['withdrawn'])
  })

  it('leaves a card where it is when the compiler does not know', async () => {
    const { service, deps } = await open()
    const before = await service.diagnose(requestFor(llamaExperiment), quiet)
    deps.compiler = compilerThat(() => verdict('unknown', 0))
    await service.compileCards('r-1', { signal, onCard: async () => {} })
    const after = await deps.memory.diagnosis('r-1')
    expect(after!.cards.map((card) => formatMesh(card.mesh))).toEqual(before.cards.map((card) => formatMesh(card.mesh)))
  })

  it('is waited for when the request asks, and the answer is no when it refuses everything', async () => {
    const { service } = await open({ deps: { compiler: compilerThat(() => verdict('oom', 200)) } })
    await expect(service.diagnose(requestFor(llamaExperiment, { compile: true }), quiet)).rejects.toMatchObject({ code: 'not_feasible' })
    const without = await open()
    await expect(without.service.diagnose(requestFor(llamaExperiment, { compile: true }), quiet)).rejects.toMatchObject({
      code: 'unavailable',
    })
  })
})

describe('the loop', () => {
  it('turns adoption and outcome into a case that the next diagnosis cites and is corrected by', async () => {
    const { service } = await open()
    const first = await service.diagnose(requestFor(llamaExperiment), quiet)
    const adopted = await service.adopt({ run: 'r-1', rank: 1, by: 'U1', tenant: 'T1' })
    expect(adopted).toMatchObject({ status: 'adopted', by: 'U1', measured_before_ms: 35_300, to: first.cards[0]!.mesh })
    const predicted = adopted.predicted_step_ms!
    const confirmed = await service.outcome({ run: 'r-1', outcome: { result: 'ok', stepTimeMs: predicted * 1.2 }, by: 'U1', tenant: 'T1' })
    expect(confirmed.status).toBe('confirmed')

    const next = await service.diagnose(requestFor(llamaExperiment, { run: 'r-2' }), quiet)
    expect(next.cards.flatMap((card) => card.evidence.map((one) => one.id))).toContain(confirmed.id)
    const error = (ms: number | undefined) => Math.abs(Math.log(ms! / (predicted * 1.2)))
    const sameMeshNow = next.cards.find((card) => sameMesh(card.mesh, adopted.to!)) ?? next.cards[0]
    expect(error(sameMeshNow!.estimate?.step_time_ms)).toBeLessThan(error(predicted))
    expect(next.baseline?.estimate?.step_time_ms).toBeCloseTo(35_300, 0)

    const others = await service.diagnose(requestFor(llamaExperiment, { run: 'r-3', tenant: 'T2' }), quiet)
    expect(others.cards.flatMap((card) => card.evidence.map((one) => one.id))).not.toContain(confirmed.id)
    expect(others.cards[0]!.estimate).toEqual(first.cards[0]!.estimate)
  })

  it('keeps a case that proved wrong, cites it as such, and puts its mesh where it was measured', async () => {
    const { service } = await open()
    await service.diagnose(requestFor(llamaExperiment), quiet)
    const adopted = await service.adopt({ run: 'r-1', rank: 1, by: 'U1', tenant: 'T1' })
    const refuted = await service.outcome({ run: 'r-1', outcome: { result: 'ok', stepTimeMs: 60_000 }, by: 'U1', tenant: 'T1' })
    expect(refuted.status).toBe('refuted')
    const next = await service.diagnose(requestFor(llamaExperiment, { run: 'r-2' }), quiet)
    expect(sameMesh(next.cards[0]!.mesh, adopted.to!)).toBe(false)
    expect(next.cards.flatMap((card) => card.evidence.map((one) => one.title)).join('\n')).toContain('Proved wrong: llama2-70b')
  })

  it('has one adopted card a run: the last one stands, taking it back withdraws it, and the same adoption twice is one case', async () => {
    const { service, deps } = await open()
    await service.diagnose(requestFor(llamaExperiment), quiet)
    const one = await service.adopt({ run: 'r-1', rank: 1, by: 'U1', tenant: 'T1' })
    await service.adopt({ run: 'r-1', rank: 1, by: 'U2', tenant: 'T1' })
    const two = await service.adopt({ run: 'r-1', rank: 2, by: 'U2', tenant: 'T1' })
    const own = () => deps.library.list({ kind: 'case', tenant: 'T1', limit: 9, own: true })
    expect((await own()).map(({ id, status }) => [id, status]).sort()).toEqual(
      [
        [one.id, 'withdrawn'],
        [two.id, 'adopted'],
      ].sort(),
    )
    expect(await service.unadopt({ run: 'r-1', rank: 1, by: 'U2', tenant: 'T1' })).toBeNull()
    expect(await service.unadopt({ run: 'r-1', rank: 2, by: 'U2', tenant: 'T1' })).toMatchObject({ status: 'withdrawn' })
    await expect(
      service.outcome({ run: 'r-1', outcome: { result: 'ok', stepTimeMs: 30_000 }, by: 'U1', tenant: 'T1' }),
    ).rejects.toMatchObject({
      code: 'unknown_case',
    })
    await expect(service.adopt({ run: 'r-1', rank: 1, by: 'U1', tenant: 'T2' })).rejects.toMatchObject({ code: 'unknown_run' })
  })

  it('refuses an outcome that the hardware cannot reach', async () => {
    const { service } = await open()
    await service.diagnose(requestFor(llamaExperiment), quiet)
    await service.adopt({ run: 'r-1', rank: 1, by: 'U1', tenant: 'T1' })
    await expect(service.outcome({ run: 'r-1', outcome: { result: 'ok', stepTimeMs: 1 }, by: 'U1', tenant: 'T1' })).rejects.toMatchObject({
      code: 'impossible_measurement',
    })
    await expect(
      service.outcome({ run: 'r-1', outcome: { result: 'ok', stepTimeMs: Number.NaN }, by: 'U1', tenant: 'T1' }),
    ).rejects.toMatchObject({
      code: 'impossible_measurement',
    })
  })

  it('lets nobody of another tenant look into a run', async () => {
    const { service, thread } = await open()
    await service.diagnose(requestFor(llamaExperiment), quiet)
    const text = 'show the evidence'
    const reading = read(text, { mentioned: true, cards: 3 })
    await expect(thread.answer({ run: 'r-1', tenant: 'T2', text, by: 'U9', reading }, { signal })).rejects.toMatchObject({
      code: 'unknown_run',
    })
  })

  it('leaves a record that can be read with cat', async () => {
    const { service, thread, folder } = await open()
    await service.diagnose(requestFor(llamaExperiment), quiet)
    const text = 'why not model=8?'
    await thread.answer({ run: 'r-1', tenant: 'T1', text, by: 'U1', reading: read(text, { mentioned: true, cards: 3 }) }, { signal })
    const events = readFileSync(join(folder, 'runs/r-1/events.jsonl'), 'utf8')
    for (const kind of ['request', 'stage', 'card', 'user_input', 'model_output']) expect(events).toContain(`"kind":"${kind}"`)
  })
})
