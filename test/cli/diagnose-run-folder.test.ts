import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { diagnosisSchema } from '../../src/contract/diagnosis.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'
import { runCli } from '../support/run-cli.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'
import { transformerStep } from '../support/transformer-step.ts'

const run = 'llama-tiny-fsdp4-tp2'
const root = mkdtempSync(join(tmpdir(), 'prompts-run-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/**
 * What one host of a v5e-8 records of this run: its own shapes (4 layers of 256, 16 sequences of 128 tokens) on fsdp 4, tensor 2.
 */
function profileOfRun(): Uint8Array {
  const chip = { type: 'TPU v5 lite', tflops: 197, hbmGbps: 819, vmemGbps: 10_000 }
  const step = transformerStep({
    ...{ chip, coresPerDevice: 1, layers: 4, embed: 256, mlp: 1024, heads: 4, kvHeads: 2, headDim: 64, vocab: 2048 },
    ...{ tokens: (16 * 128) / 4, context: 128, tensor: 2, fsdp: 4, backward: true, remat: true, optimizerBytes: (5e6 * 24) / 8 },
    ...{ matmulEfficiency: 0.6, attentionEfficiency: 0.35, hbmEfficiency: 0.75, tensorGbps: 45, fsdpGbps: 55, latencyUs: 10 },
  })
  return syntheticProfile({ hostname: 'host-0', chip, cores: 4, steps: 6, stepJitter: 0.01, program: 'jit_train_step', gapUs: 60, step })
}

describe.skipIf(lacks('shared'))(needing('the folder that MaxText wrote, with a profile of the same job beside it', 'shared'), () => {
  beforeAll(() => {
    cpSync(join(sharedData, 'maxtext-runs', run), join(root, run), { recursive: true })
    const session = join(root, run, 'tensorboard/plugins/profile/2026_11_25_10_00_00')
    mkdirSync(session, { recursive: true })
    writeFileSync(join(session, 'host-0.xplane.pb'), profileOfRun())
  })

  it.each(['by its folder', 'by its name'])('gives three better cards %s, with no file of ours', async (way) => {
    const subject = way === 'by its name' ? run : join(root, run)
    const { code, stdout } = await runCli(['diagnose', subject, '--topology', 'v5e-8', '--json'], {
      PROMPTS_HOME: join(root, '.home'),
      PROMPTS_EXPERIMENTS: root,
    })
    expect(code).toBe(0)
    const diagnosis = diagnosisSchema.parse(JSON.parse(stdout))
    expect(diagnosis.experiment).toBe(run)
    expect(diagnosis.cards).toHaveLength(3)
    for (const card of diagnosis.cards) expect(card.predicted_speedup).toBeGreaterThan(1)
    // what the profile measured, not the CPU's step of the log
    expect(diagnosis.baseline?.estimate?.step_time_ms).toBeCloseTo(diagnosis.kpis.step_time_ms ?? 0, 3)
    expect(diagnosis.kpis.step_time_ms).toBeLessThan(10)
  })
})
