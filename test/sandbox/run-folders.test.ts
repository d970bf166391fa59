import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { PbfWriter } from 'pbf'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/sandbox/start-sandbox.ts'
import { openBrowser } from '../support/browser.ts'
import { maxTextEvents } from '../support/event-file.ts'
import { lacks, needing, projectRoot, sharedData } from '../support/needs.ts'
import { type ProfileSpec, syntheticProfile } from '../support/synthetic-profile.ts'
import { unnamedTokens } from '../support/unnamed-tokens.ts'
import { openSandbox } from './open-sandbox.ts'

const longMs = 120_000
const real = 'llama-tiny-fsdp4-tp2'

/** Llama 2 7B on sixteen chips, split in a way that leaves better ones. */
const settings: Record<string, string> = {
  ...{ emb_dim: '4096', mlp_dim: '11008', num_query_heads: '32', num_kv_heads: '32', head_dim: '128', num_decoder_layers: '32' },
  ...{ vocab_size: '32000', model_name: 'llama2-7b', run_name: 'profiled-run', hardware: 'tpu', num_target_devices: '16', num_slices: '1' },
  ...{ global_batch_size_to_train_on: '64', max_target_length: '2048', ici_fsdp_parallelism: '2', ici_tensor_parallelism: '8' },
  ...{ remat_policy: 'full', compile_topology: '', attention: 'flash', dtype: 'bfloat16', weight_dtype: 'float32' },
}

describe.skipIf(lacks('chromium', 'shared'))(
  needing('the sandbox on a folder of MaxText runs', 'chromium', 'shared'),
  { timeout: longMs },
  () => {
    let root = ''
    let sandbox: Sandbox
    let browser: Browser
    let page: Page

    beforeAll(async () => {
      root = mkdtempSync(join(tmpdir(), 'prompts-run-folders-'))
      cpSync(join(sharedData, 'maxtext-runs'), root, { recursive: true })
      mkdirSync(join(root, 'profiled-run/tensorboard/profiled-run'), { recursive: true })
      const events = join(root, 'profiled-run/tensorboard/profiled-run/events.out.tfevents.1795642194.host')
      writeFileSync(events, maxTextEvents(settings, [60, 30, ...Array<number>(10).fill(6)]))
      const session = join(root, 'profiled-run/tensorboard/plugins/profile/2026_11_25_12_00_00')
      mkdirSync(session, { recursive: true })
      const module = readFileSync(join(projectRoot, 'bench/recorded/modules/llama2-7b-v5e-16-s2k.data4-model4.hlo.pb.gz'))
      const inFile = new PbfWriter()
      inFile.writeBytesField(1, unnamedTokens(gunzipSync(module)))
      const op = { name: 'fusion.1', category: 'convolution fusion', us: 2_500_000, flops: 2.5e14, bytes: 1e12 }
      const gather = { start: 'all-gather-start.1', collective: 'all-gather', us: 4_500_000, bytes: 1e11 }
      const spec: ProfileSpec = {
        ...{ hostname: 'host0', chip: { type: 'TPU v5 Lite', tflops: 197, hbmGbps: 819 }, cores: 4, steps: 4 },
        step: [{ op }, gather, { done: 'all-gather-start.1' }],
      }
      writeFileSync(join(session, 'host0.xplane.pb'), syntheticProfile(spec))
      const alone = join(root, 'profile-alone/plugins/profile/2026_11_25_12_00_00')
      mkdirSync(alone, { recursive: true })
      const hlo = [{ name: 'jit_train_step(1)', bytes: inFile.finish() }]
      writeFileSync(join(alone, 'host0.xplane.pb'), syntheticProfile({ ...spec, hlo }))
      ;[sandbox, browser] = await Promise.all([openSandbox(undefined, root), openBrowser()])
      page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
      page.setDefaultTimeout(60_000)
      await page.goto(sandbox.url)
      await page.getByRole('button', { name: '# tpu-training' }).waitFor()
    }, longMs)
    afterAll(async () => {
      await browser?.close()
      await sandbox?.stop()
      rmSync(root, { recursive: true, force: true })
    })

    const say = async (text: string) => {
      await page.getByLabel('Message the channel', { exact: true }).fill(text)
      await page.getByLabel('Message the channel', { exact: true }).press('Enter')
    }
    const replies = () => page.locator('#replies > li')
    const cards = () => replies().filter({ has: page.getByRole('button', { name: 'Adopt', exact: true }) })

    it('diagnoses a run by its name, with nothing written beside it: three cards and a picture', async () => {
      await say('@prompts diagnose profiled-run')
      await cards().nth(2).waitFor()
      const root = replies().nth(1)
      await root.getByRole('button', { name: 'Details' }).click()
      const picture = page.locator('#replies').getByRole('img').first()
      await picture.waitFor()
      expect(await picture.getAttribute('alt')).toContain('TPU v5')
    })

    it('asks once for the slice where nothing says it, and goes on with the one that is chosen', async () => {
      await say(`@prompts diagnose ${real}`)
      await page.locator('#replies').getByText('Nothing says which slice').first().waitFor()
      expect(await page.locator('#replies').textContent()).not.toContain(root)
      await page.getByRole('button', { name: 'v5e-8 (2x4)' }).click()
      await cards().first().waitFor()
      await say(`@prompts diagnose ${real}`)
      await cards().first().waitFor()
    })

    /** A message that is drawn anew between press and release takes no click: a person clicks what has come to rest. */
    const atRest = async () => {
      let before = ''
      await expect
        .poll(
          async () => {
            const now = await page.locator('#replies').innerHTML()
            const isSame = now === before
            before = now
            return isSame
          },
          { interval: 1000, timeout: 60_000 },
        )
        .toBe(true)
    }

    it('asks in one message for what the program of a bare profile leaves open, and goes on with what is chosen', async () => {
      await say('@prompts diagnose profile-alone')
      await page.locator('#replies').getByText('What ran?').first().waitFor()
      expect(await page.locator('#replies').getByText('What ran?').count()).toBe(1)
      await atRest()
      await page.getByRole('button', { name: '2048', exact: true }).click()
      // what was said is not asked again
      await page.getByRole('button', { name: '64', exact: true }).nth(1).waitFor()
      expect(await page.getByRole('button', { name: '2048', exact: true }).count()).toBe(1)
      await atRest()
      await page.getByRole('button', { name: '64', exact: true }).last().click()
      await cards().first().waitFor()
      expect(await page.locator('#replies').getByText('What ran?').count()).toBe(2)
    })

    it('lists the runs that there are', async () => {
      await say('@prompts which runs are there?')
      await expect.poll(() => page.locator('#replies').textContent()).toContain('profiled-run')
      expect(await page.locator('#replies').textContent()).toContain(real)
    })
  },
)
