import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../../test/support/redis-server.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const lacks = () => (process.getuid?.() === 0 ? null : 'root, to mount a tmpfs')

export const diskRows: Row[] = [
  ...[false, true].map((isAlone) => ({
    name: isAlone ? 'Disk full under one process' : 'Disk full',
    how: `PROMPTS_HOME on a tmpfs of 64 MiB that is filled up in mid-run, and emptied after 10 s${isAlone ? '; no Redis: state and queue lie there too' : ''}`,
    lacks,
    async run(stage: Stage) {
      mkdirSync(stage.home)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', stage.home])
      stage.onClose(() => execFileSync('umount', ['-l', stage.home]))
      if (!isAlone) await stage.startRedis()
      const server = await stage.serve()
      const worker = isAlone ? server : await stage.worker()
      await stage.ask()
      await stage.settle(60)
      const { bavail, bsize } = statfsSync(stage.home)
      const filler = join(stage.home, 'filler')
      try {
        writeFileSync(filler, Buffer.alloc(bavail * bsize))
        writeFileSync(`${filler}2`, Buffer.alloc(1 << 20))
      } catch {
        // full it is
      }
      const inFault = await stage.ask()
      await sleep(5000)
      const ready = await stage.ready()
      await sleep(5000)
      const said = await stage.read(inFault)
      for (const name of [filler, `${filler}2`]) rmSync(name, { force: true })
      const wrong: string[] = []
      if (!/"disk":\{"ok":false/.test(ready)) wrong.push(`/ready did not say it: ${ready.slice(0, 80)}`)
      await stage.ask()
      if (!(await stage.settle(120))) wrong.push('not all answered, or told why not, in 120 s')
      if (server.child.exitCode !== null || worker.child.exitCode !== null) wrong.push('a process ended')
      if (said.includes('Something went wrong inside prompts')) wrong.push('a full disk is told as a fault of ours')
      const after = (await stage.read(inFault)).split('\n')[0]?.replace('prompts: ', '').slice(0, 200) ?? ''
      return { saw: `/ready 503 with the disk; the question in it: "${after}"; the next one answered`, wrong, faultSeconds: 10 }
    },
  })),
  {
    name: 'Library away',
    how: 'QDRANT_URL at a port where nothing listens',
    async run(stage) {
      await stage.startRedis()
      const env = { QDRANT_URL: `http://127.0.0.1:${await freePort()}` }
      await stage.serve({ env })
      await stage.worker({ env })
      await stage.ask()
      const wrong = (await stage.settle(90)) ? [] : ['not answered']
      const answer = await fetch(`http://127.0.0.1:${stage.port}/ready`, { signal: AbortSignal.timeout(5000) })
      const ready = await answer.text()
      if (answer.status !== 200) wrong.push(`/ready said ${answer.status}: ${ready.slice(0, 200)}`)
      const detail = /"library":\{"ok":false,"detail":"([^"]*)"/.exec(ready)?.[1]
      return {
        saw: `answered from the embedded library; /ready 200 with the note "${detail?.replace(/127\.0\.0\.1:\d+/, 'HOST:PORT') ?? 'none'}"`,
        wrong,
      }
    },
  },
]
