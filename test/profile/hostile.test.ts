import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { PromptsError } from '../../src/errors.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import { cpuMs } from '../support/cpu-ms.ts'
import { projectRoot } from '../support/needs.ts'
import { profileKinds } from '../support/profile-kinds.ts'
import type { ProfileSpec } from '../support/synthetic-profile.ts'
import { syntheticProfile } from '../support/synthetic-profile.ts'

const folder = mkdtempSync(join(tmpdir(), 'prompts-hostile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const spec = profileKinds().find((kind) => kind.name === 'compute-dense')?.hosts[0] as ProfileSpec

function makePipe(path: string): void {
  spawnSync('sh', ['-c', 'mkfifo "$0"', path])
}

async function refusal(path: string, limits = {}): Promise<PromptsError> {
  const error = await readProfile(path, { limits }).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof PromptsError)) throw new Error(`${path} was not refused: ${String(error)}`)
  return error
}

describe('inputs that are meant to break, freeze or leak', () => {
  it('refuses a pipe at once', async () => {
    const pipe = join(folder, 'pipe.xplane.pb')
    makePipe(pipe)
    expect((await refusal(pipe)).message).toContain('no regular file')
    mkdirSync(join(folder, 'piped'))
    makePipe(join(folder, 'piped', 'h.xplane.pb'))
    expect((await refusal(join(folder, 'piped'))).message).toContain('no regular file')
  })

  it('refuses a folder that is named like a file', async () => {
    mkdirSync(join(folder, 'dir', 'x.xplane.pb'), { recursive: true })
    expect((await refusal(join(folder, 'dir'))).message).toContain('x.xplane.pb is a folder')
  })

  it('does not go round in circles of links', async () => {
    mkdirSync(join(folder, 'circle', 'a'), { recursive: true })
    symlinkSync('..', join(folder, 'circle', 'a', 'up'))
    expect((await refusal(join(folder, 'circle'))).message).toContain('No profile')
  })

  it('refuses a gzip that unpacks to far more than profiles do, and one of thousands of members', async () => {
    const bomb = join(folder, 'bomb.xplane.pb.gz')
    writeFileSync(bomb, gzipSync(Buffer.alloc(1 << 24)))
    expect((await refusal(bomb, { memoryBytes: 1 << 20 })).message).toMatch(/120 times its size/)
    const members = join(folder, 'members.xplane.pb.gz')
    const one = gzipSync(Buffer.from([0x0a, 0x02, 0x12, 0x00]))
    writeFileSync(members, Buffer.concat(Array.from({ length: 20_000 }, () => one)))
    const spent = await cpuMs(async () => expect((await refusal(members)).code).toMatch(/too_large|bad_profile/))
    expect(spent).toBeLessThan(5000)
  })

  it('refuses more planes, and more lines, than any host has', async () => {
    const planes = join(folder, 'planes.xplane.pb')
    writeFileSync(planes, Buffer.alloc(2 * 70_000, Buffer.from([0x0a, 0x00])))
    expect((await refusal(planes)).message).toContain('more than 65536 planes')
  })

  it('keeps its own deadline', async () => {
    const file = join(folder, 'slow.xplane.pb')
    writeFileSync(file, syntheticProfile(spec))
    expect((await refusal(file, { readMs: -1 })).message).toContain('was not read within')
  })

  it('shows no control character of a name', async () => {
    const hostile = JSON.parse(JSON.stringify(spec).replaceAll('fusion.qkv', 'a\\u001b[31m\\r\\nFAKE')) as ProfileSpec
    const file = join(folder, 'escape.xplane.pb')
    writeFileSync(file, syntheticProfile(hostile))
    const report = await readProfile(file)
    expect(report.top_ops.some((op) => op.name.includes('FAKE'))).toBe(true)
    expect(report.top_ops.flatMap((op) => [...op.name]).every((char) => char >= ' ')).toBe(true)
  })

  it('leaves nothing behind when it is killed while it unpacks', async () => {
    const temp = join(folder, 'temp')
    mkdirSync(temp)
    const big = join(folder, 'big.xplane.pb.gz')
    // Noise does not pack: it is unpacked for long enough to be killed in the middle.
    const noise = Buffer.alloc(1 << 23)
    for (let at = 0; at < noise.length; at += 4) noise.writeUInt32LE((Math.imul(at, 2654435761) ^ (at >>> 3)) >>> 0, at)
    const packed = gzipSync(noise, { level: 1 })
    writeFileSync(big, Buffer.concat(Array.from({ length: 24 }, () => packed)))
    const child = spawn(process.execPath, ['src/main.ts', 'profile', big], { cwd: projectRoot, env: { ...process.env, TMPDIR: temp } })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => setTimeout(resolve, 2500))
    child.kill('SIGKILL')
    await ended
    expect(readdirSync(temp).filter((name) => name.startsWith('prompts-profile-'))).toEqual([])
  })
})
