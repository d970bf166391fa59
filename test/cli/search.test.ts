import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'search-'))
afterAll(() => rmSync(folder, { recursive: true }))
const home = join(folder, 'home')
const command = join(folder, 'trial.cjs')
writeFileSync(
  command,
  `let s='';process.stdin.on('data',d=>s+=d).on('end',()=>{const {mesh,settings}=JSON.parse(s);console.log(JSON.stringify(mesh.model?{oom:true}:{step_time_ms:900+settings.length}))})`,
)
const env = { PROMPTS_HOME: home, PROMPTS_TRIAL_COMMAND: `${process.execPath} ${command}` }
const job = 'llama2-7b on v5e-16, seq 2048, batch 64'

describe('prompts search', () => {
  it('measures trials by the command, goes on where it was, and keeps each as an outcome', async () => {
    const first = await runCli(['search', job, '--tuner', 'none', '--trials', '2', '--json'], env)
    expect(first.code).toBe(0)
    expect((first.json as { trials: unknown[] }).trials).toHaveLength(2)
    const second = await runCli(['search', job, '--tuner', 'none', '--trials', '3', '--json'], env)
    const { trials, spent } = second.json as { trials: { from: string }[]; spent: { trials: number; dollars: number } }
    expect(second.stderr).toMatch(/going on after 2 trials/)
    expect(trials.slice(0, 2)).toEqual((first.json as { trials: unknown[] }).trials)
    expect(trials[0]?.from).toBe('card')
    expect(spent.trials).toBe(3)
    const cases = await runCli(['cases', 'list', '--own', '--json'], env)
    const kept = JSON.parse(cases.stdout) as { result: string; sources: { title: string }[] }[]
    expect(kept).toHaveLength(3)
    for (const one of kept) expect(one.sources[0]?.title).toMatch(/^a search of /)
  })

  it('writes the study with the cards as seeds and the predicted times as priors', async () => {
    const out = join(folder, 'study')
    const { code } = await runCli(['search', job, '--tuner', 'none', '--write', out, '--json'], env)
    expect(code).toBe(0)
    const study = JSON.parse(readFileSync(join(out, 'study.json'), 'utf8'))
    expect(study.seeds).toHaveLength(study.candidates.filter(({ card }: { card: boolean }) => card).length)
    expect(study.priors).toHaveLength(study.candidates.length)
    expect(study.candidates[0].settings.join(' ')).toMatch(/ici_fsdp_parallelism=/)
  })

  it('says what is missing where nothing can measure, and for a run that is not there', async () => {
    const nothing = await runCli(['search', job, '--tuner', 'none'], { PROMPTS_HOME: home })
    expect([nothing.code, nothing.stderr]).toEqual([4, expect.stringMatching(/PROMPTS_TRIAL_COMMAND is not set/)])
    const unknown = await runCli(['search', job, '--tuner', 'none', '--run', 'r-none'], env)
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/no run r-none/)])
  })
})
