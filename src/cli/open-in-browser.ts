import { spawn } from 'node:child_process'

const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: 'open', win32: 'explorer', linux: 'xdg-open' }

/** Opens a local address in the person's browser; false where the machine has no way to. */
export async function openInBrowser(url: string): Promise<boolean> {
  const program = openers[process.platform]
  if (program === undefined) return false
  return new Promise((resolve) => {
    const child = spawn(program, [url], { stdio: 'ignore', detached: true })
    child.once('error', () => resolve(false))
    child.once('spawn', () => {
      child.unref()
      resolve(true)
    })
  })
}
