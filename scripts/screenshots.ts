/**
 * Makes the README's pictures: `npm run screenshots`, or some of them: `npm run screenshots -- lines terminal`. Needs Debian's
 * chromium (and fonts-noto-core, fonts-noto-color-emoji). The sandbox and the diagnosis are real; only what is in the picture's
 * frame is chosen here.
 */
import { execFile } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { renderRoofline } from '../src/pictures/render.ts'
import { readProfile } from '../src/profile/read-profile.ts'
import { openSandbox } from '../test/sandbox/open-sandbox.ts'
import { openBrowser } from '../test/support/browser.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const folder = join(root, 'docs/pictures')
const experiment = 'llama2-70b-v5p'
const run = promisify(execFile)

await mkdir(folder, { recursive: true })
const browser = await openBrowser()
try {
  const made: Record<string, () => Promise<void>> = {
    sandbox: () => sandboxPictures(browser),
    lines: () => linePictures(browser),
    terminal: () => terminalPictures(browser),
    report: reportPictures,
  }
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(made)
  for (const name of wanted) await (made[name] ?? (() => Promise.reject(new Error(`no such pictures: ${name}`))))()
} finally {
  await browser.close()
}

/** The thread of a whole diagnosis, from the question to an adopted card and a follow-up. */
async function sandboxPictures(opened: Browser): Promise<void> {
  const sandbox = await openSandbox()
  try {
    const page = await opened.newPage({ viewport: { width: 1280, height: 1080 }, deviceScaleFactor: 1 })
    page.setDefaultTimeout(120_000)
    await page.goto(sandbox.url)
    await page.locator('#composer').fill(`@prompts diagnose ${experiment}`)
    await page.locator('#composer').press('Enter')
    const cards = page.locator('#replies > li', { has: page.getByRole('button', { name: 'Adopt', exact: true }) })
    await cards.nth(2).waitFor()
    const ts = await cards.first().getAttribute('data-ts')
    const first = page.locator(`#replies > li[data-ts="${ts}"]`)
    await page.locator('#replies').evaluate((list: { scrollTop: number }) => {
      list.scrollTop = 0
    })
    await shot(page, 'sandbox-summary')
    await first.getByRole('button', { name: 'Adopt', exact: true }).click()
    await page.locator('#replies > li', { hasText: 'adopted card 1' }).last().waitFor()
    await page.locator('#reply').fill('why not model=2?')
    await page.locator('#reply').press('Enter')
    await page.locator('#replies > li', { hasText: 'completed to' }).last().waitFor()
    await page.locator('#thread-title').hover()
    await page.setViewportSize({ width: 1280, height: 940 })
    await first.evaluate((item: { scrollIntoView(): void }) => item.scrollIntoView())
    await shot(page, 'sandbox-card', '#thread')
    await page.locator('#replies').evaluate((list: { scrollTop: number; scrollHeight: number }) => {
      list.scrollTop = list.scrollHeight
    })
    await page.emulateMedia({ colorScheme: 'dark' })
    await shot(page, 'sandbox-follow-up', '#thread')
    await page.close()
  } finally {
    await sandbox.stop()
  }
}

/** Jobs of one line: a plan that a reply changes, and slices compared. */
async function linePictures(opened: Browser): Promise<void> {
  const sandbox = await openSandbox()
  try {
    const page = await opened.newPage({ viewport: { width: 1280, height: 860 }, deviceScaleFactor: 1 })
    page.setDefaultTimeout(120_000)
    await page.goto(sandbox.url)
    const ask = async (text: string, answer: string) => {
      await page.locator('#composer').fill(text)
      await page.locator('#composer').press('Enter')
      await page.locator('#replies > li', { hasText: answer }).last().waitFor()
    }
    await ask('@prompts plan llama3.3-70b on v6e-16, vllm, 1k in 1k out, 64 requests in flight', 'legal meshes fit')
    await page.locator('#reply').fill('fp8 weights, kv fp8')
    await page.locator('#reply').press('Enter')
    await page.locator('#replies > li', { hasText: 'kv_dtype' }).last().waitFor()
    await page.waitForTimeout(1500)
    await shot(page, 'sandbox-plan')
    await ask('@prompts size serve llama3.3-70b fp8, 4k in 1k out, 200 requests in flight, tpot 40 ms', 'the cheapest first')
    await shot(page, 'sandbox-size')
    await page.close()
  } finally {
    await sandbox.stop()
  }
}

/** What commands print, in a terminal's clothes. */
async function terminalPictures(opened: Browser): Promise<void> {
  await terminalPicture(opened, 'terminal-diagnose', ['diagnose', `examples/${experiment}`], (line) => line.startsWith('2. '))
  const job = 'llama3.3-70b on v6e-16, fp8, 1k in 1k out, 64 requests in flight'
  await terminalPicture(opened, 'terminal-plan', ['plan', job], (line) => line.startsWith('as experiment.yaml'))
  await terminalPicture(opened, 'terminal-size', ['size', 'serve llama3.3-70b fp8, 4k in 1k out, 200 requests in flight, tpot 40 ms'])
}

/** One command's output, to the line that ends what is shown. */
async function terminalPicture(opened: Browser, name: string, command: string[], ends?: (line: string) => boolean): Promise<void> {
  const { stdout } = await run(process.execPath, ['src/main.ts', ...command], { cwd: root, maxBuffer: 1 << 24 })
  const lines = stdout.trimEnd().split('\n')
  const end = ends === undefined ? -1 : lines.findIndex(ends)
  const shown = end < 0 ? lines : [...lines.slice(0, end), '…']
  const page = await opened.newPage({ viewport: { width: 1280, height: 700 }, colorScheme: 'dark' })
  await page.setContent(
    `<style>body{margin:0;background:#15181d;color:#e6e6e6;font:13px/1.45 "DejaVu Sans Mono","Noto Sans Mono",monospace}
    pre{margin:0;padding:18px 22px;white-space:pre-wrap;overflow-wrap:anywhere}b{color:#8fd4ff;font-weight:600}</style><pre></pre>`,
  )
  await page.locator('pre').evaluate(
    (
      box: { append(...nodes: unknown[]): void; ownerDocument: { createElement(name: string): { textContent: string } } },
      [prompted, ...printed]: string[],
    ) => {
      const prompt = box.ownerDocument.createElement('b')
      prompt.textContent = `$ ${prompted}\n`
      box.append(prompt, printed.join('\n'))
    },
    [`npx prompts ${command.map((word) => (/[ ,]/.test(word) ? `"${word}"` : word)).join(' ')}`, ...shown],
  )
  await save(name, await page.locator('pre').screenshot())
  await page.close()
}

/** The pictures that a summary carries, of the same example. */
async function reportPictures(): Promise<void> {
  const report = await readProfile(join(root, 'examples', experiment, 'profile'), {})
  await save('roofline', (await renderRoofline(report)).png)
}

async function shot(page: Page, name: string, part = 'body'): Promise<void> {
  await page.evaluate('document.activeElement.blur()')
  await page.waitForTimeout(500)
  await save(name, await page.locator(part).screenshot())
}

async function save(name: string, png: Uint8Array): Promise<void> {
  const file = join(folder, `${name}.png`)
  await writeFile(file, png)
  console.log(`docs/pictures/${name}.png  ${Math.round((await stat(file)).size / 1000)} kB`)
}
