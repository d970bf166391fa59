import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Case } from '../../src/contract/case.ts'
import type { Diagnosis } from '../../src/contract/diagnosis.ts'
import type { ProfileReport } from '../../src/contract/profile-report.ts'
import type { Plan, Verdict } from '../../src/contract/verdict.ts'
import { lacks, needing, projectRoot, sharedData } from '../support/needs.ts'
import { runCli } from '../support/run-cli.ts'

const example = join(projectRoot, 'examples/llama2-70b-v5p')
const v6e = join(sharedData, 'profiles/tpu-v6e-inference')
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'prompts-commands-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('prompts diagnose', () => {
  it('gives three different legal cards that fit, on the example', async () => {
    const { code, json } = await runCli(['diagnose', 'llama2-70b-v5p', '--json'])
    const diagnosis = json as Diagnosis
    expect(code).toBe(0)
    expect(diagnosis.cards.map((card) => card.rank)).toEqual([1, 2, 3])
    expect(diagnosis.cards.every((card) => card.legal && card.memory?.fits && card.rationale.length > 20)).toBe(true)
    expect(new Set(diagnosis.cards.map((card) => JSON.stringify(card.mesh))).size).toBe(3)
    expect(diagnosis.cards.every((card) => /ici_fsdp_parallelism=\d+/.test(card.snippets.maxtext ?? ''))).toBe(true)
    expect(diagnosis.reasoning).toBe('rules')
  })

  it('prints the same for people', async () => {
    const { code, stdout } = await runCli(['diagnose', example])
    expect(code).toBe(0)
    expect(stdout).toMatch(/bottleneck: communication/)
    expect(stdout).toMatch(/1\. .*\n.*step/)
  })

  it('plans an experiment without a profile and says that it is a cold start', async () => {
    const { code, json } = await runCli(['diagnose', 'llama3-8b-v5e-cold', '--json'])
    expect(code).toBe(0)
    expect((json as Diagnosis).notes.join(' ')).toMatch(/cold start|no profile/i)
  })

  it('names the nearest experiment of an unknown one', async () => {
    const { code, json } = await runCli(['diagnose', 'llama2-70b-v5q', '--json'])
    expect(code).toBe(2)
    expect(json).toMatchObject({ error: { code: 'unknown_experiment', hint: expect.stringContaining('llama2-70b-v5p') } })
  })

  it('needs the compiler for --compile', async () => {
    const { code, json } = await runCli(['diagnose', 'llama2-70b-v5p', '--json', '--compile'])
    expect(code).toBe(4)
    expect(json).toMatchObject({ error: { hint: expect.stringContaining('setup:compiler') } })
  })

  it.skipIf(lacks('shared'))(needing('reports a real profile alone, without cards, and says what is missing', 'shared'), async () => {
    const { code, json } = await runCli(['diagnose', v6e, '--json'])
    const diagnosis = json as Diagnosis
    expect(code).toBe(3)
    expect(diagnosis).toMatchObject({ experiment: null, cards: [], baseline: null, bottleneck: { class: 'host', also: ['hbm'] } })
    expect(diagnosis.notes.join(' ')).toMatch(/experiment/)
  })

  it.skipIf(lacks('shared'))(needing('gives cards for the same profile with an assumed experiment', 'shared'), async () => {
    const assumed = join(folder, 'assumed')
    mkdirSync(assumed)
    cpSync(v6e, join(assumed, 'profile'), { recursive: true })
    writeFileSync(
      join(assumed, 'experiment.yaml'),
      'id: assumption\nhardware: {chip: v6e, topology: v6e-4}\nphase: decode\nmodel: llama2-7b\nrun: {global_batch: 16, seq_len: 2048, weight_dtype: bf16}\nmesh: {data: 4}\nprofile: profile\n',
    )
    const { code, json } = await runCli(['diagnose', assumed, '--json'])
    expect(code).toBe(0)
    expect((json as Diagnosis).experiment).toBe('assumption')
    expect((json as Diagnosis).cards.length).toBeGreaterThan(0)
    expect((json as Diagnosis).bottleneck.class).toBe('host')
  })

  it.each([
    ['tpot_ms: 1', /^No mesh that fits meets tpot 1 ms: \S.* comes nearest with [\d.]+ ms\.$/],
    ['tpot_ms: 1000', null],
  ])('says first that nothing meets {%s} and ends with 3, cards and all, and with 0 where one does', async (slo, said) => {
    const file = join(folder, 'objective.yaml')
    writeFileSync(
      file,
      `id: objective\nhardware: {chip: v6e, topology: v6e-8}\nframework: vllm\nphase: decode\nmodel: llama2-7b\nrun: {global_batch: 16, seq_len: 2048, weight_dtype: bf16}\nslo: {${slo}}\n`,
    )
    const { code, stdout } = await runCli(['diagnose', file])
    const [first = '', ...rest] = stdout.split('\n')
    expect(code).toBe(said === null ? 0 : 3)
    expect(first).toMatch(said ?? /^objective: /)
    expect(rest.join('\n')).toMatch(/^1\. /m)
    // said once, not again among the notes
    expect(rest.join('\n')).not.toContain('No mesh that fits meets')
    const plan = await runCli(['plan', file])
    expect(plan.code).toBe(code)
  })
})

describe('prompts check', () => {
  it.each([
    ['the example’s own mesh', [], 0],
    ['another mesh', ['--mesh', 'data=64'], 0],
    ['a mesh that does not multiply to the devices', ['--mesh', 'data=8,model=4'], 3],
  ])('judges %s', async (_, args, expected) => {
    const { code, json } = await runCli(['check', example, '--json', ...args])
    const verdict = json as Verdict
    expect(code).toBe(expected)
    expect(verdict.legal).toBe(verdict.violations.length === 0)
  })

  it('names both numbers when the mesh does not multiply', async () => {
    const { stdout } = await runCli(['check', example, '--mesh', 'data=8,model=4'])
    expect(stdout).toMatch(/32/)
    expect(stdout).toMatch(/64/)
  })

  it('names the nearest axis of an unknown one', async () => {
    expect(await runCli(['check', example, '--mesh', 'modle=4', '--json'])).toMatchObject({
      code: 2,
      json: { error: { code: 'bad_mesh', hint: expect.stringContaining('model') } },
    })
  })
})

describe('prompts plan', () => {
  it('ranks the whole space, fitting first, fastest first', async () => {
    const { code, json } = await runCli(['plan', example, '--json'])
    const plan = json as Plan
    expect(code).toBe(0)
    expect(plan.ranked).toHaveLength(plan.space.legal)
    const tiers = plan.ranked.map((verdict) => ['clear', 'near', 'no'].indexOf(verdict.memory?.certainty ?? ''))
    expect(tiers).toEqual(tiers.toSorted((a, b) => a - b))
    expect(tiers.filter((tier) => tier < 2)).toHaveLength(plan.space.fitting)
  })

  it('cuts with --top and appends the illegal with --all', async () => {
    expect(((await runCli(['plan', example, '--json', '--top', '2'])).json as Plan).ranked).toHaveLength(2)
    const all = (await runCli(['plan', example, '--json', '--all'])).json as Plan
    expect(all.ranked).toHaveLength(all.space.total)
    expect(all.ranked.at(-1)?.legal).toBe(false)
  })

  it('explains why a mesh is not among the first three', async () => {
    expect((await runCli(['plan', example, '--explain', 'data=8,model=8'])).stdout).toMatch(/data=8 · model=8/)
  })

  it.skipIf(lacks('shared'))(needing('plans what was imported from both MaxText logs', 'shared'), async () => {
    for (const log of ['llama2-70b-v5p-64-fsdp8-tensor4', 'llama2-7b-v5e-16-fsdp16']) {
      const out = join(folder, log)
      expect((await runCli(['import', 'maxtext', join(sharedData, 'maxtext', `${log}.config.log`), '-o', out])).code).toBe(0)
      const { code, json } = await runCli(['plan', out, '--json', '--top', '3'])
      expect(code).toBe(0)
      expect((json as Plan).baseline?.legal).toBe(true)
    }
  })
})

describe('prompts profile', () => {
  it.skipIf(lacks('shared'))(needing('reads the real v6e profile', 'shared'), async () => {
    const report = (await runCli(['profile', v6e, '--json'])).json as ProfileReport
    expect(report.kpis.duty_cycle).toBeGreaterThan(0.855)
    expect(report.kpis.duty_cycle).toBeLessThan(0.875)
    expect(report.kpis.peak_hbm_gib).toBeGreaterThan(19.8)
    expect(report.kpis.peak_hbm_gib).toBeLessThan(20.2)
    expect(report.bottleneck).toMatchObject({ class: 'host', also: ['hbm'] })
    expect(report.bottleneck.evidence.join(' ')).toMatch(/copy-done takes 97%/)
  })

  it.skipIf(lacks('shared'))(needing('says which device a GPU profile is from', 'shared'), async () => {
    const { json } = await runCli(['profile', join(sharedData, 'profiles/gpu-multi-worker'), '--json'])
    expect((json as ProfileReport).notes.join(' ')).toMatch(/GPU.*not from a TPU/)
  })

  it('names the file and the byte of random input, without a stack', async () => {
    const path = join(folder, 'random.xplane.pb')
    writeFileSync(
      path,
      Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + 13) % 251),
    )
    const { code, stderr } = await runCli(['profile', path])
    expect(code).toBe(2)
    expect(stderr).toMatch(/random\.xplane\.pb.*byte \d+/)
    expect(stderr).not.toMatch(/\bat .*\.ts:/)
  })
})

describe('prompts compare', () => {
  it('says where a picture cannot be written', async () => {
    const { code, json } = await runCli(['compare', 'llama2-70b-v5p', 'llama2-70b-v5p', '--picture', 'no/such/folder/x.png', '--json'])
    expect(code).toBe(2)
    expect(json).toMatchObject({ error: { code: 'bad_arguments', message: expect.stringContaining('there is no such folder') } })
  })

  it('compares a profile with itself as no change', async () => {
    const { code, json } = await runCli(['compare', 'llama2-70b-v5p', 'llama2-70b-v5p', '--json'])
    expect(code).toBe(0)
    expect(json).toMatchObject({ step_time_ratio: 1 })
  })

  it('says key by key what is set otherwise', async () => {
    const { stdout } = await runCli(['compare', 'llama2-70b-v5p', 'mixtral-v6e'])
    expect(stdout).toMatch(/^setting hardware\.chip: v5p → v6e$/m)
    expect(stdout).toMatch(/^setting mesh\.data: 8 → 64$/m)
    expect(stdout).not.toMatch(/microbatches/)
  })

  it('fails for a pipeline when the step got slower than allowed', async () => {
    const runs = ['decode-v6e', 'mixtral-v6e']
    expect((await runCli(['compare', ...runs, '--fail-above', '5', '--json'])).code).toBe(3)
    expect((await runCli(['compare', ...runs.reverse(), '--fail-above', '5', '--json'])).code).toBe(0)
    expect((await runCli(['compare', ...runs, '--fail-above', 'much', '--json'])).code).toBe(2)
  })
})

describe('prompts adopt and outcome', () => {
  it('write the case, take it back, and confirm it', async () => {
    const { run } = (await runCli(['diagnose', 'llama2-70b-v5p', '--json'])).json as Diagnosis
    expect((await runCli(['adopt', run, '1', '--json'])).json as Case).toMatchObject({ status: 'adopted', tenant: 'local' })
    expect((await runCli(['adopt', run, '1', '--undo', '--json'])).json as Case).toMatchObject({ status: 'withdrawn' })
    const adopted = (await runCli(['adopt', run, '2', '--json'])).json as Case
    const { code, json } = await runCli(['outcome', run, '--step-time-ms', String(adopted.predicted_step_ms), '--json'])
    expect(code).toBe(0)
    expect(json as Case).toMatchObject({ status: 'confirmed', measured_after_ms: adopted.predicted_step_ms })
  })

  it('name what is wrong', async () => {
    expect(await runCli(['adopt', 'r-none', '1', '--json'])).toMatchObject({ code: 2, json: { error: { code: 'unknown_run' } } })
    expect(await runCli(['adopt', 'r-none', '4', '--json'])).toMatchObject({ code: 2 })
    expect(await runCli(['outcome', 'r-none', '--json'])).toMatchObject({ code: 2 })
  })
})

describe('prompts', () => {
  it('names the nearest command and option', async () => {
    expect((await runCli(['diagnos', 'x'])).stderr).toMatch(/Did you mean "prompts diagnose"/)
    expect((await runCli(['plan', 'x', '--topp', '3'])).stderr).toMatch(/Did you mean --top/)
    expect((await runCli(['plan'])).stderr).toMatch(/Usage: prompts plan/)
  })

  it('lists every command', async () => {
    const { code, stdout } = await runCli(['--help'])
    expect(code).toBe(0)
    for (const name of ['diagnose', 'plan', 'check', 'profile', 'compare', 'import', 'doctor']) expect(stdout).toContain(name)
  })

  it('names a wrong setting', async () => {
    expect(await runCli(['doctor', '--json'], { PROMPTS_WORKER: '3' })).toMatchObject({
      code: 2,
      json: { error: { code: 'bad_config', hint: 'Did you mean PROMPTS_WORKERS?' } },
    })
  })
})
