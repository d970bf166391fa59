import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { runProcess } from '../../src/compiler/run-process.ts'
import { canBeWithoutNetwork, withoutNetwork } from '../../src/compiler/without-network.ts'
import { soon } from '../support/soon.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'prompts-run-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const limits = { timeoutMs: 60_000, memoryGib: 1, maxOutputBytes: 1e6 }
const never = new AbortController().signal
const node = process.execPath
const child = { limits, signal: never, env: { PATH: process.env['PATH'] ?? '' } }
/** Whether a process runs; one that ended and that nobody asked about yet does not. */
const isAlive = (pid: number) => {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
/** Starts a grandchild in a session of its own, says its id, and lives on. */
const withGrandchild = (work: string, livesMs = 60_000) =>
  `const {spawn}=require('node:child_process');const c=spawn(process.execPath,['-e',${JSON.stringify(work)}],{detached:true,stdio:'ignore'});c.unref();console.log(c.pid);setTimeout(()=>process.exit(0),${livesMs})`

describe('a child process', () => {
  it('is stopped for the memory of all that it starts, and takes it along', async () => {
    const hungry = `const kept=[];setInterval(()=>kept.push(Buffer.alloc(64<<20,1)),50)`
    const result = await runProcess([node, '-e', withGrandchild(hungry)], { ...child, limits: { ...limits, memoryGib: 0.4 } })
    expect(result.reason).toBe('memory')
    await vi.waitFor(() => expect(isAlive(Number(result.stdout.trim()))).toBe(false), soon)
  })

  it('leaves nothing behind when it ends by itself', async () => {
    const code = withGrandchild('setInterval(()=>{},1000)', 1500)
    const result = await runProcess([node, '-e', code], child)
    expect(result.exitCode).toBe(0)
    await vi.waitFor(() => expect(isAlive(Number(result.stdout.trim()))).toBe(false), soon)
  })

  it('runs where it is told to, with the environment that it is given', async () => {
    const result = await runProcess([node, '-p', 'process.cwd()+Object.keys(process.env)'], { ...child, folder })
    expect(result.stdout.trim()).toBe(`${folder}PATH`)
  })

  it.skipIf(!canBeWithoutNetwork())('reaches no network, not even this machine, where the platform can keep it from it', async () => {
    const { createServer } = await import('node:net')
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const ask = `require('node:net').connect(${port},'127.0.0.1').on('connect',()=>{console.log('reached');process.exit()}).on('error',(e)=>console.log(e.code))`
    const reached = await runProcess([node, '-e', ask], child)
    const alone = await runProcess(withoutNetwork([node, '-e', ask]), child)
    server.close()
    expect(reached.stdout.trim()).toBe('reached')
    expect(alone.stdout.trim()).toMatch(/^E(NETUNREACH|HOSTUNREACH|CONNREFUSED|ADDRNOTAVAIL)$/)
  })
})
