import { describe, expect, it } from 'vitest'
import type { Plan } from '../../src/contract/verdict.ts'
import { parseExperiment } from '../../src/experiment/parse-experiment.ts'
import { runCli } from '../support/run-cli.ts'

describe('prompts plan of one line', () => {
  const line = 'llama3-8b on v6e-16, seq 4096, batch 64'

  it('puts what it assumed first and the file behind the ranking', async () => {
    const { code, stdout } = await runCli(['plan', line, '--top', '2'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^assumed:\n {2}phase train[\s\S]*meshes[\s\S]*as experiment\.yaml:\n[\s\S]*global_batch: 64/)
  })

  it('fills assumptions and experiment_file in JSON', async () => {
    const plan = (await runCli(['plan', line, '--json', '--top', '2'])).json as Plan
    expect(plan.assumptions.join(' ')).toMatch(/remat full/)
    expect(parseExperiment(plan.experiment_file ?? '', 'file')).toMatchObject({ id: plan.experiment, model: 'llama3-8b' })
  })

  it('takes the slice of --topology', async () => {
    expect((await runCli(['plan', 'llama3-8b, seq 4096', '--topology', 'v6e-16', '--top', '1'])).code).toBe(0)
  })

  it('names the nearest model, with exit code 2', async () => {
    const { code, json } = await runCli(['plan', 'lama3-8b on v6e-16', '--json'])
    expect(code).toBe(2)
    expect(json).toMatchObject({ error: { code: 'unknown_model', hint: expect.stringContaining('llama3-8b') } })
  })
})
