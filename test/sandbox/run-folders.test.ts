import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/sandbox/start-sandbox.ts'
import { openBrowser } from '../support/browser.ts'
import { lacks, needing, sharedData } from '../support/needs.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'
import { openSandbox } from './open-sandbox.ts'

const longMs = 120_000
const real = 'llama-tiny-fsdp4-tp2'

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
      cpSync(join(root, real), join(root, 'profiled-run'), { recursive: true })
      const session = join(root, 'profiled-run/tensorboard/plugins/profile/2026_11_25_12_00_00')
      mkdirSync(session, { recursive: true })
      const op = { name: 'fusion.1', category: 'convolution fusion', us: 5000, flops: 5e11, bytes: 1e9 }
      const gather = { start: 'all-gather-start.1', collective: 'all-gather', us: 8000, bytes: 1e8 }
      writeFileSync(
        join(session, 'host0.xplane.pb'),
        syntheticProfile({
          ...{ hostname: 'host0', chip: { type: 'TPU v5 Lite', tflops: 197, hbmGbps: 819 }, cores: 8, steps: 4 },
          step: [{ op }, gather, { done: 'all-gather-start.1' }],
        }),
      )
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
      await cards().nth(2).waitFor()
      await say(`@prompts diagnose ${real}`)
      await cards().nth(2).waitFor()
    })

    it('lists the runs that there are', async () => {
      await say('@prompts which runs are there?')
      await expect.poll(() => page.locator('#replies').textContent()).toContain('profiled-run')
      expect(await page.locator('#replies').textContent()).toContain(real)
    })
  },
)
