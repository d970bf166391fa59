import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Sandbox } from '../../src/sandbox/start-sandbox.ts'
import type { SlackDeps } from '../../src/slack/deps.ts'
import { openBrowser } from '../support/browser.ts'
import { lacks, needing } from '../support/needs.ts'
import { openSandbox } from './open-sandbox.ts'

const longMs = 120_000
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(lacks('chromium'))(needing('the sandbox in a browser', 'chromium'), { timeout: longMs }, () => {
  let sandbox: Sandbox
  let browser: Browser
  let page: Page
  let problems: string[] = []
  /** What a diagnosis waits for: what is shown meanwhile stays. */
  let held: Promise<void> | null = null

  const holding = (deps: SlackDeps): SlackDeps => ({
    ...deps,
    diagnose: {
      ...deps.diagnose,
      async diagnose(request, options) {
        await held
        return deps.diagnose.diagnose(request, options)
      },
    },
  })
  beforeAll(async () => {
    ;[sandbox, browser] = await Promise.all([openSandbox(holding), openBrowser()])
  }, longMs)
  afterAll(async () => {
    await browser?.close()
    await sandbox?.stop()
  })
  beforeEach(async () => {
    problems = []
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
    page.setDefaultTimeout(60_000)
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(sandbox.url)) problems.push(`asked ${request.url()}`)
    })
    await page.goto(sandbox.url)
    await page.getByRole('button', { name: '# tpu-training' }).waitFor()
  })
  afterEach(async () => {
    await page?.close()
    expect(problems).toEqual([])
  })

  const box = () => page.getByLabel('Message the channel', { exact: true })
  const replyBox = () => page.getByLabel('Reply in the thread', { exact: true })
  const replies = () => page.locator('#replies > li')
  const said = (text: string | RegExp): Locator => page.locator('#replies > li').filter({ hasText: text }).last()

  const cards = () => replies().filter({ has: page.getByRole('button', { name: 'Adopt', exact: true }) })

  /** Asks, and waits for the three cards, which keep their place whatever their buttons become. */
  async function diagnose(id: string): Promise<Locator[]> {
    await box().fill(`@prompts diagnose ${id}`)
    await box().press('Enter')
    await cards().nth(2).waitFor()
    const stamps = await Promise.all([0, 1, 2].map((at) => cards().nth(at).getAttribute('data-ts')))
    return stamps.map((ts) => page.locator(`#replies > li[data-ts="${ts}"]`))
  }
  async function react(message: Locator, name: string) {
    await message.locator('article').hover()
    await message.getByRole('button', { name: 'Add a reaction' }).click()
    await page.getByRole('dialog', { name: 'Add a reaction' }).getByRole('button', { name, exact: true }).click()
  }

  it('answers a mention: 👀, the plan, then in its place the summary and three cards; figures and pictures behind Details', async () => {
    const seen = Promise.withResolvers<void>()
    held = seen.promise
    await box().fill('@prompts diagnose llama2-70b-v5p')
    await box().press('Enter')
    await page.locator('#messages .reaction[data-reaction="eyes"]').waitFor()
    const root = replies().nth(1)
    await root.getByText('Diagnosing llama2-70b-v5p').waitFor()
    expect(await root.getByRole('button', { name: 'Cancel' }).isVisible()).toBe(true)
    const ts = await root.getAttribute('data-ts')
    seen.resolve()
    await root.getByText('bound by communication').first().waitFor()
    expect(await root.getAttribute('data-ts')).toBe(ts)
    await replies().nth(4).waitFor()
    expect(await replies().count()).toBe(5)
    await page.locator('#messages .reaction').waitFor({ state: 'detached' })
    const cardsShown = (await replies().all()).slice(2)
    await root.getByRole('button', { name: 'Details' }).click()
    const details = replies().nth(5)
    await details.waitFor()
    expect(await details.getByRole('region', { name: 'Top operations' }).textContent()).toContain('fusion.wi.bwd')
    const pictures = details.getByRole('img')
    await pictures.first().waitFor()
    await details.getByText('Where the time of a step goes').waitFor()
    expect(await pictures.first().getAttribute('alt')).toContain('Roofline of TPU v5p')
    for (const picture of await pictures.all()) {
      await expect.poll(() => picture.evaluate((image: { naturalWidth: number }) => image.naturalWidth)).toBe(1520)
    }
    for (const [at, card] of cardsShown.entries()) {
      const text = await card.textContent()
      expect(text).toContain(['1️⃣', '2️⃣', '3️⃣'][at])
      expect(text).toMatch(/\d+% less time per step \((?:\d+–\d+%|\d+% more to \d+% less)/)
      expect(text).toContain('ici_fsdp_parallelism=')
      expect(text).not.toContain('dcn_data_parallelism')
    }
  })

  it('adopts by a reaction, takes it back, and adopts by the button, for whoever acts', async () => {
    const [first, second] = (await diagnose('mixtral-v6e')) as [Locator, Locator]
    await react(first, 'white check mark')
    await said('Maya adopted card 1').waitFor()
    await first.getByRole('button', { name: /white check mark/, pressed: true }).click()
    await said('Maya took card 1 back').waitFor()
    await page.getByLabel('Acting as').selectOption({ label: 'Jonas' })
    await second.getByRole('button', { name: 'Adopt' }).click()
    await said('Jonas adopted card 2').waitFor()
    await second
      .getByText('Take back')
      .or(second.getByText(/adopted by/i))
      .first()
      .waitFor()
    await react(second, 'three')
    await page.locator('.ephemeral', { hasText: 'Which one do you adopt?' }).waitFor()
    await page.getByLabel('Acting as').selectOption({ label: 'Priya' })
    await page.locator('.ephemeral').waitFor({ state: 'detached' })
  })

  it('acts as whoever was chosen last, however late the page learns what another sees', async () => {
    const late = Promise.withResolvers<void>()
    const answered: string[] = []
    await page.route('**/api/state?as=*', async (route) => {
      const response = await route.fetch()
      if (answered.length === 0) await late.promise
      answered.push(route.request().url())
      await route.fulfill({ response })
    })
    const held = page.waitForRequest('**/api/state?as=*')
    const acting = page.getByLabel('Acting as')
    await acting.selectOption({ label: 'Jonas' })
    await held
    await acting.selectOption({ label: 'Priya' })
    late.resolve()
    await expect.poll(() => answered.length, { timeout: 60_000 }).toBeGreaterThan(1)
    await expect.poll(() => page.locator('#acting option:checked').textContent(), { timeout: 60_000 }).toBe('Priya')
    expect(new Set(answered).size).toBe(2)
    await page.unrouteAll({ behavior: 'wait' })
  })

  it('shows what the compiler says on each card, in its place, and that one was withdrawn', async () => {
    const verdict = { status: 'fits', required_gib: 12.6, available_gib: 15.8, step_time_ms: null, seconds: 31, message: null }
    const seen = Promise.withResolvers<void>()
    const other = await openSandbox((deps) => ({
      ...deps,
      compiler: true,
      diagnose: {
        ...deps.diagnose,
        async compileCards(run, { onCard }) {
          const { cards } = (await deps.memory.diagnosis(run))!
          await seen.promise
          const [first, second] = cards.map((card) => ({ ...card, compiler: verdict as never }))
          await onCard([first!, second!, cards[2]!], [])
          await onCard([first!, second!], [{ card: cards[2]!, reason: 'out of memory by 3.1 GiB' }])
        },
      },
    }))
    try {
      await page.goto(other.url)
      const shown = await diagnose('deepseek2-v5p-cold')
      await shown[1]!.getByText('compiling…').waitFor()
      seen.resolve()
      await shown[1]!.getByText('12.6 of 15.8 GiB · compiled ✓').waitFor()
      await shown[2]!.getByText('withdrawn: out of memory by 3.1 GiB').waitFor()
      expect(await shown[2]!.getByRole('button', { name: 'Adopt' }).count()).toBe(0)
      // the question, the summary, three cards: each changed where it stood
      expect(await replies().count()).toBe(5)
      await page.goto(sandbox.url)
    } finally {
      problems = problems.filter((problem) => !problem.includes(other.url))
      await other.stop()
    }
  })

  it('answers follow-ups in the thread, and the question behind "Why not …?"', async () => {
    const [first] = (await diagnose('llama2-70b-v5p')) as [Locator]
    const before = await replies().count()
    await replyBox().fill('why not model=8?')
    await replyBox().press('Enter')
    const answer = replies().nth(before + 1)
    await answer.waitFor()
    expect(await answer.textContent()).toMatch(/PROMPTS.*model=8.*(?:a|per) step/s)
    await first.getByRole('button', { name: 'Why not …?' }).click()
    const dialog = page.getByRole('dialog', { name: 'Why not …?' })
    await dialog.getByLabel('Another mesh, or a part of one').fill('data=16 seq=4')
    await dialog.getByRole('button', { name: 'Ask' }).click()
    await replies()
      .nth(before + 2)
      .waitFor()
    expect(
      await replies()
        .nth(before + 2)
        .textContent(),
    ).toContain('data=16 · seq=4')
    expect(await dialog.isVisible()).toBe(false)
  })

  it('can be used with the keyboard alone', async () => {
    const focused = () =>
      page.evaluate<string>(
        "(({ id, dataset, textContent }) => [id, dataset.key ?? '', textContent.slice(0, 20)].join('|'))(document.activeElement)",
      )
    const tabTo = async (wanted: RegExp, key = 'Tab') => {
      for (let presses = 0; presses < 120; presses += 1) {
        if (wanted.test(await focused())) return
        await page.keyboard.press(key)
      }
      throw new Error(`no ${wanted} by ${key}`)
    }
    await page.keyboard.press('Shift+Tab')
    await tabTo(/^composer\|/)
    await page.keyboard.type('@prompts diagnose deepseek2-v5p-cold')
    await page.keyboard.press('Enter')
    await cards().first().waitFor()
    await tabTo(/^reply\|/)
    await tabTo(/action-adopt\|Adopt/, 'Shift+Tab')
    const outline = await page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle')
    expect(outline).toBe('solid')
    await page.keyboard.press('Enter')
    await said('Maya adopted card').waitFor()
    await tabTo(/^\|react\|/)
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Escape')
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(await focused()).toMatch(/^\|react\|/)
    expect(await page.getByRole('status').textContent()).toContain('PROMPTS: ')
  })

  it("opens a command's thread, and takes a message by its shortcut", async () => {
    await box().fill('/prompts plan mixtral-v6e')
    await box().press('Enter')
    await said('asked: /prompts plan mixtral-v6e').waitFor()
    await replies()
      .nth(1)
      .getByText(/mixtral-v6e/)
      .first()
      .waitFor()
    await box().fill('have a look at llama3-8b-v5e-cold')
    await box().press('Enter')
    const message = page.locator('#messages > li', { hasText: 'have a look at' }).last()
    await message.locator('article').hover()
    await message.getByRole('button', { name: 'Diagnose this experiment' }).click()
    await cards().first().waitFor()
  })

  it('takes an experiment as a file, with a mention and in a direct message, and says what is wrong with one', async () => {
    const attach = (name: string, content: string) =>
      page.getByLabel('Attach: Message the channel').setInputFiles({ name, mimeType: 'text/yaml', buffer: Buffer.from(content) })
    const yaml = readFileSync(new URL('../../examples/deepseek2-v5p-cold/experiment.yaml', import.meta.url), 'utf8')
    await attach('mine.yaml', yaml.replace('deepseek2-v5p-cold', 'sent-as-file'))
    await page.getByText('📄 mine.yaml').waitFor()
    await box().fill('@prompts diagnose')
    await box().press('Enter')
    await cards().nth(2).waitFor()
    expect(await replies().nth(1).textContent()).toMatch(/sent-as-file: fsdp 32: about .*A cold start/)
    expect(await page.locator('#messages > li').last().textContent()).toContain('mine.yaml')

    // the shortcut reads the file too, and asks anew
    const message = page.locator('#messages > li').last()
    await message.locator('article').hover()
    await message.getByRole('button', { name: 'Diagnose this experiment' }).click()
    await cards().nth(5).waitFor()

    await page.getByRole('button', { name: '◆ PROMPTS', exact: true }).click()
    await attach('typo.yaml', yaml.replace('global_batch', 'globl_batch'))
    await box().press('Enter')
    await said(/typo\.yaml.*global_batch/s).waitFor()
    await attach('big.yaml', `# ${'x'.repeat(300_000)}`)
    await box().press('Enter')
    await said('big.yaml is longer than 256 KiB').waitFor()
    await box().fill('diagnose mixtral-v6e')
    await box().press('Enter')
    await cards().nth(2).waitFor()
    // another person's own conversation is another
    await page.getByLabel('Acting as').selectOption({ label: 'Jonas' })
    await page.getByRole('button', { name: '◆ PROMPTS', exact: true }).click()
    expect(await page.locator('#messages').textContent()).not.toContain('diagnose mixtral-v6e')
  })

  it('shows what someone writes as text, never as markup of the page', async () => {
    const text = '<img src=x onerror=alert(1)> <script>alert(2)</script> *bold* `<b>` &lt; javascript:alert(3) <javascript:alert(4)|x>'
    await box().fill(text)
    await box().press('Enter')
    const message = page.locator('#messages > li').last()
    await message.getByText('<img src=x onerror=alert(1)>').waitFor()
    expect(await message.locator('img, script, b, a').count()).toBe(0)
    expect(await message.locator('strong', { hasText: /^bold$/ }).count()).toBe(1)
    expect(await message.locator('code').textContent()).toBe('<b>')
    expect(await message.textContent()).toContain('&lt; javascript:alert(3)')
  })

  it.each(['light', 'dark'] as const)('has no fault that axe finds, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    await diagnose('mixtral-v6e')
    await box().fill('/prompts help')
    await box().press('Enter')
    await page.locator('.ephemeral').first().waitFor()
    const check = async () => {
      await page.evaluate(axe)
      const found = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as {
          axe: { run: () => Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> }
        }
        const { violations } = await axe.run()
        return violations.flatMap(({ id, nodes }) =>
          nodes.slice(0, 3).map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`),
        )
      })
      expect(found).toEqual([])
    }
    await check()
    await page.getByRole('button', { name: 'PROMPTS home' }).click()
    await page.getByRole('heading', { name: 'Recent runs' }).waitFor()
    await check()
  })
})
