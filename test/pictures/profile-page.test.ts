import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { profilePage } from '../../src/pictures/profile-page/page.ts'
import { readProfileDetails } from '../../src/profile/read-profile.ts'
import { openBrowser } from '../support/browser.ts'
import { lacks, needing, projectRoot, sharedData } from '../support/needs.ts'

describe('the page of a profile', () => {
  it('needs nothing from elsewhere and shows names as data', async () => {
    const { report, details } = await readProfileDetails(join(projectRoot, 'examples/llama2-70b-v5p/profile'))
    const hostile = { ...report, source: '<script>alert(1)</script>', notes: ['a <img src=x onerror=alert(2)> b'] }
    const page = profilePage(hostile, details)
    expect(page).not.toMatch(/<script|<img|<link|@import|url\(|src=["']?http/i)
    expect(page).toContain('&lt;img src=x onerror=alert(2)&gt;')
    expect(page).toContain("default-src 'none'")
    for (const title of [
      'Figures of the steps',
      'Where a step’s time goes',
      'Steps and timeline',
      'Longest ops',
      'Roofline',
      'Collectives',
      'Hosts',
    ])
      expect(page).toContain(title)
    expect(page).toMatch(/GB\/s/)
  })

  it('shows a server’s replies without a timeline', async () => {
    const { report } = await readProfileDetails(join(projectRoot, 'examples/decode-v6e/profile'))
    expect(profilePage(report, null)).not.toContain('Memory at its peak')
  })

  it.skipIf(lacks('shared', 'chromium'))(
    needing('fits a wide and a narrow window', 'shared', 'chromium'),
    async () => {
      const { report, details } = await readProfileDetails(join(sharedData, 'profiles/tpu-v6e-inference'))
      const browser = await openBrowser()
      try {
        for (const width of [1280, 420]) {
          const view = await browser.newPage({ viewport: { width, height: 900 } })
          const errors: string[] = []
          view.on('console', (message) => (message.type() === 'error' ? errors.push(message.text()) : undefined))
          await view.setContent(profilePage(report, details))
          // Tables scroll in their own boxes; the page itself does not.
          expect(await view.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
          expect(await view.locator('h1').textContent()).toContain('tpu-v6e-inference')
          expect(await view.locator('section').count()).toBeGreaterThan(6)
          expect(await view.locator('h2').allInnerTexts()).toContain('Memory at its peak, device 1')
          expect(errors).toEqual([])
          await view.close()
        }
      } finally {
        await browser.close()
      }
    },
    60_000,
  )
})
