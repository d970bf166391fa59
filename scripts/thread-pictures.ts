/**
 * Pictures of what people meet in a thread, each with its height in screens: `npm run screenshots:thread`. Needs Debian's
 * chromium, as
 * `npm run screenshots` does. The sandbox and the answers are real.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { openSandbox } from '../test/sandbox/open-sandbox.ts'
import { openBrowser } from '../test/support/browser.ts'

const folder = fileURLToPath(new URL('../docs/pictures/thread', import.meta.url))
const screens = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } } as const
type Screen = keyof typeof screens

/** Twelve turns, each of them something that engineers ask. */
const conversation = [
  'why is it slow?',
  'what does exposed communication mean?',
  'why not tp=8?',
  'what if batch doubles?',
  'and with 2 slices?',
  'compare 1 and 2',
  'how sure are you?',
  'show the evidence for card 1',
  'how much HBM does card 1 need?',
  'what would 10k steps cost?',
  'would int8 help?',
  'how do I run card 1?',
]

interface Picture {
  name: string
  screen: Screen
  what: string
  heightPx: number
}
const taken: Picture[] = []

await mkdir(folder, { recursive: true })
const browser = await openBrowser()
try {
  for (const screen of ['desktop', 'phone'] as const) {
    await diagnosis(browser, screen)
    await noBetterMesh(browser, screen)
    await failure(browser, screen)
  }
} finally {
  await browser.close()
}
const lines = taken.map(({ name, screen, what, heightPx }) => {
  const { height } = screens[screen]
  return `| [${what}](../../docs/pictures/thread/${name}.png) | ${screen} | ${heightPx} px | ${(heightPx / height).toFixed(2)} |`
})
console.log(['| picture | screen | height | in screens |', '|---|---|---|---|', ...lines].join('\n'))

/** A diagnosis, twelve turns of questions, and a recording that is offered, taken and taken back. */
async function diagnosis(opened: Browser, screen: Screen): Promise<void> {
  const sandbox = await openSandbox()
  try {
    const page = await open(opened, sandbox.url, screen)
    const replies = await ask(page, '@prompts diagnose llama2-70b-v5p')
    await replies.nth(4).waitFor()
    await save(page, screen, 'diagnosis', 'the summary and three cards', replies, 1, 4)
    await replies.nth(1).getByRole('button', { name: 'Details' }).click()
    await replies.nth(5).getByRole('img').first().waitFor()
    await save(page, screen, 'details', 'behind Details', replies, 5, 5)
    let count = 6
    for (const question of conversation) {
      await say(page, question)
      count += 2
      await replies.nth(count - 1).waitFor()
    }
    await save(page, screen, 'conversation', 'twelve turns', replies, 6, count - 1)
    await say(page, 'card 1 ran at 24.9 s')
    count += 2
    await replies
      .nth(count - 1)
      .getByRole('button', { name: 'Record' })
      .waitFor()
    await save(page, screen, 'recording-offered', 'a recording is offered', replies, count - 2, count - 1)
    await say(page, 'yes')
    await page.locator('#replies > li', { hasText: 'Recorded:' }).first().waitFor()
    await page.locator('#replies > li', { hasText: 'adopted card 1' }).first().waitFor()
    count += 2
    await save(page, screen, 'recording-taken', 'and taken', replies, count - 3, count - 1)
    await say(page, 'undo')
    await page.locator('#replies > li', { hasText: 'took back' }).first().waitFor()
    await save(page, screen, 'recording-taken-back', 'and taken back', replies, count, (await replies.count()) - 1)
    await page.close()
  } finally {
    await sandbox.stop()
  }
}

async function noBetterMesh(opened: Browser, screen: Screen): Promise<void> {
  const sandbox = await openSandbox()
  try {
    const page = await open(opened, sandbox.url, screen)
    const replies = await ask(page, '@prompts diagnose decode-v6e')
    await replies.nth(1).getByText('keep', { exact: false }).first().waitFor()
    await page.waitForTimeout(3000)
    await save(page, screen, 'no-better-mesh', 'a run with no better mesh', replies, 1, (await replies.count()) - 1)
    await page.close()
  } finally {
    await sandbox.stop()
  }
}

async function failure(opened: Browser, screen: Screen): Promise<void> {
  const sandbox = await openSandbox()
  try {
    const page = await open(opened, sandbox.url, screen)
    const replies = await ask(page, '@prompts diagnose llama2-70b-v6p')
    await replies.nth(1).getByText('error', { exact: false }).first().waitFor()
    await save(page, screen, 'error', 'an error', replies, 1, (await replies.count()) - 1)
    await page.close()
  } finally {
    await sandbox.stop()
  }
}

async function open(opened: Browser, url: string, screen: Screen): Promise<Page> {
  const page = await opened.newPage({ viewport: screens[screen], deviceScaleFactor: 1 })
  page.setDefaultTimeout(120_000)
  await page.goto(url)
  return page
}

async function ask(page: Page, text: string): Promise<Locator> {
  await page.locator('#composer').fill(text)
  await page.locator('#composer').press('Enter')
  const replies = page.locator('#replies > li')
  await replies.nth(1).waitFor()
  return replies
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator('#reply').fill(text)
  await page.locator('#reply').press('Enter')
}

/** The messages from one to another as they stand on this screen, all of them in one picture; their height is measured. */
async function save(page: Page, screen: Screen, name: string, what: string, replies: Locator, from: number, to: number): Promise<void> {
  const { width, height } = screens[screen]
  await page.evaluate('document.activeElement.blur()')
  await page.setViewportSize({ width, height: 12_000 })
  await page.waitForTimeout(500)
  const [first, last] = await Promise.all([replies.nth(from).boundingBox(), replies.nth(to).boundingBox()])
  if (first === null || last === null) throw new Error(`${name}: messages ${from} to ${to} are not there`)
  const clip = { x: first.x, y: first.y, width: first.width, height: last.y + last.height - first.y }
  await writeFile(join(folder, `${name}-${screen}.png`), await page.screenshot({ clip }))
  await page.setViewportSize({ width, height })
  taken.push({ name: `${name}-${screen}`, screen, what, heightPx: Math.round(clip.height) })
}
