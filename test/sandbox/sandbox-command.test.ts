import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { projectRoot } from '../support/needs.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** `prompts sandbox` as a process of its own, with its own folder for what is temporary. */
function start(...args: string[]) {
  const temporary = mkdtempSync(join(tmpdir(), 'prompts-test-'))
  folders.push(temporary)
  const child = spawn(process.execPath, ['src/main.ts', 'sandbox', ...args], {
    cwd: projectRoot,
    env: { ...process.env, TMPDIR: temporary, PROMPTS_COMPILER: 'off', PROMPTS_EXPERIMENTS: 'examples' },
  })
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString()
  })
  return { child, said, temporary }
}

describe('prompts sandbox', { timeout: 120_000 }, () => {
  it('prints where the page is, listens on loopback alone, and leaves nothing behind', async () => {
    const { child, said, temporary } = start('--port', '0')
    await expect.poll(() => said.stdout, { timeout: 60_000 }).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/)
    const url = said.stdout.trim()
    expect(await (await fetch(url)).text()).toContain('<title>PROMPTS sandbox</title>')
    const state = (await (await fetch(`${url}/api/state`)).json()) as { channels: { name: string }[]; examples: string[] }
    expect(state.channels.map((channel) => channel.name)).toEqual(['tpu-training', 'tpu-serving', 'PROMPTS'])
    expect(state.examples).toContain('llama2-70b-v5p')
    // the page, the bot, the relay and the emulated Slack
    const addresses = listening(child.pid!)
    if (addresses !== null) {
      expect(addresses.length).toBeGreaterThanOrEqual(4)
      expect(new Set(addresses)).toEqual(new Set(['0100007F']))
    }
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
    expect(said.stderr).not.toMatch(/"level":"(?:warn|error)"/)
    expect(readdirSync(temporary).filter((name) => name.startsWith('prompts-sandbox-'))).toEqual([])
  })

  it('refuses what is no port', async () => {
    const { child, said } = start('--port', '99999')
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(2)
    expect(said.stderr).toMatch(/--port is "99999"\s+A whole number from 0 to 65535/)
  })
})

/** The addresses (hex, as the kernel writes them) that a process listens on; null where there is no /proc. */
function listening(pid: number): string[] | null {
  if (!existsSync('/proc/net/tcp')) return null
  const own = new Set(ownSockets(pid))
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((row) => row[3] === '0A' && own.has(row[9] ?? ''))
      .map((row) => row[1]!.split(':')[0]!),
  )
}

function ownSockets(pid: number): string[] {
  const own: string[] = []
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /socket:\[(\d+)\]/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1]
      if (inode !== undefined) own.push(inode)
    } catch {
      // closed in between
    }
  }
  return own
}
