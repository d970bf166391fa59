import { type Browser, chromium } from 'playwright-core'
import { findProgram } from './needs.ts'

/** Debian's Chromium, without a window and without calls of its own to the network. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium')
  if (executablePath === null) throw new Error('chromium is not installed')
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
