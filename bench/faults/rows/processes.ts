import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { projectRoot } from '../../../test/support/needs.ts'
import { freePort } from '../../../test/support/redis-server.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

/** Until something of the first question stands in its thread. */
const underWay = (stage: Stage) =>
  stage.until(20, async () => (await stage.slack.answers(stage.questions[0]!.channel, stage.questions[0]!.ts)).length > 0)

/** Sizes with many divisors and every free setting: a space that no search ends in. */
const poison = `diagnose
\`\`\`
id: dos-1
framework: maxtext
hardware: { chip: v5p, topology: 16x16x24, slices: 96 }
phase: train
model: { layers: 7200, embed: 7207200, mlp: 73513440, heads: 83160, kv_heads: 83160, head_dim: 128, vocab: 73513440, experts: 83160, experts_per_token: 8 }
run: { global_batch: 963761198400, seq_len: 4096 }
mesh: { data: 6144 }
tune: [mesh, remat, microbatches, batch, offload]
\`\`\``

export const processRows: Row[] = [
  {
    name: 'serve and worker killed in mid-run',
    how: 'kill -9 of both after the first message, others started',
    async run(stage) {
      await stage.startRedis()
      const [server, worker] = [await stage.serve(), await stage.worker()]
      await stage.ask()
      await stage.ask()
      await underWay(stage)
      await Promise.all([server.end('SIGKILL'), worker.end('SIGKILL')])
      await stage.serve()
      await stage.worker()
      const wrong = (await stage.settle(90)) ? [] : ['not all answered in 90 s']
      return { saw: 'the runs went on after the stages that were done', wrong, faultSeconds: 10 }
    },
  },
  {
    name: 'serve killed right after its ack',
    how: 'kill -9 of serve in the moment in which Slack has its 200, another started at once; Slack does not send that again',
    async run(stage) {
      await stage.startRedis()
      const server = await stage.serve()
      await stage.worker()
      await stage.ask()
      await stage.settle(60)
      const question = await stage.ask()
      await question.acked
      await server.end('SIGKILL')
      await stage.serve()
      const wrong = (await stage.settle(90)) ? [] : ['not all answered in 90 s']
      return { saw: 'taken from the inbox by the next process; answered', wrong, faultSeconds: 5 }
    },
  },
  {
    name: 'SIGTERM during a run',
    how: 'SIGTERM of serve and of a worker that is at runs; another worker stays, serve is started again',
    async run(stage) {
      await stage.startRedis()
      const [server, worker] = [await stage.serve(), await stage.worker()]
      await stage.worker()
      for (let at = 0; at < 4; at += 1) await stage.ask()
      await underWay(stage)
      const ends = await Promise.all([server.end('SIGTERM'), worker.end('SIGTERM')])
      await stage.serve()
      const wrong = ends.flatMap(({ ms, code }) => [
        ...(ms < 16_000 ? [] : [`took ${ms} ms to end`]),
        ...(code === 0 ? [] : [`exit code ${code}`]),
      ])
      if (!(await stage.settle(90))) wrong.push('not all answered in 90 s')
      return {
        saw: `ended after ${ends.map(({ ms }) => `${(ms / 1000).toFixed(1)} s`).join(' and ')}, exit 0; all answered`,
        wrong,
        faultSeconds: 8,
      }
    },
  },
  {
    name: 'No worker',
    how: 'serve alone; a worker is started after 45 s',
    async run(stage) {
      await stage.startRedis()
      await stage.serve()
      const question = await stage.ask()
      const whispers = () =>
        stage.slack.gate.calls.filter(({ method, body }) => method === 'chat.postEphemeral' && body.channel === question.channel)
      const wrong: string[] = []
      if (!(await stage.until(50, () => whispers().length > 0))) wrong.push('nothing said of it in 50 s')
      const told = ((whispers()[0]?.at ?? Date.now()) - question.askedAt) / 1000
      await stage.worker()
      if (!(await stage.settle(60))) wrong.push('not answered')
      return {
        saw: `after ${told.toFixed(0)} s, privately: "${whispers()[0]?.body.text ?? ''}"; then answered`,
        wrong,
        faultSeconds: told + 8,
      }
    },
  },
  {
    name: 'A pasted job that no search ends in',
    how: 'a code block of highly composite sizes on 96 slices with every tune; two others ask meanwhile',
    async run(stage) {
      await stage.startRedis()
      await stage.serve()
      const [one, two] = [await stage.worker(), await stage.worker()]
      const bad = await stage.ask(poison)
      await stage.ask()
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not all answered in 60 s')
      const tries = [one, two].flatMap(({ lines }) => lines.filter((line) => line.includes('a run failed'))).length
      if (tries > 1) wrong.push(`tried ${tries} times`)
      if (one.child.exitCode !== null || two.child.exitCode !== null) wrong.push('a worker ended')
      const said = (await stage.read(bad)).split('\n').find((line) => line.includes('dos-1') || line.includes(':x:')) ?? ''
      return { saw: `the asker: "${said.replace('prompts: ', '').slice(0, 220)}"; the others answered`, wrong }
    },
  },
  {
    name: 'A worker dies under the same job, again and again',
    how: 'kill -9 of each worker that takes a job, four times; then one lives',
    async run(stage) {
      await stage.startRedis()
      await stage.serve()
      await stage.ask()
      for (let life = 0; life < 4; life += 1) {
        const worker = await stage.worker()
        await stage.until(30, async () => worker.child.exitCode !== null || (await underWay(stage)))
        await sleep(300)
        await worker.end('SIGKILL')
        if (await stage.isAnswered(stage.questions[0]!)) break
      }
      await stage.worker()
      await stage.ask()
      const wrong = (await stage.settle(120)) ? [] : ['not all answered in 120 s']
      const said = (await stage.read(stage.questions[0]!)).split('\n').find((line) => line.includes(':x:'))
      return {
        saw: said === undefined ? 'the run outlived them; answered' : `"${said.slice(0, 200)}"; the next question is answered`,
        wrong,
        faultSeconds: 75,
      }
    },
  },
  {
    name: 'A worker of an older version',
    how: 'serve of a copy whose jobs have a newer schema, beside a worker of today; then a worker of the copy',
    async run(stage) {
      await stage.startRedis()
      const copy = join(stage.folder, 'newer')
      for (const name of ['src', 'knowledge', 'package.json']) cpSync(join(projectRoot, name), join(copy, name), { recursive: true })
      symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'))
      const jobs = join(copy, 'src/slack/deps.ts')
      const newer = readFileSync(jobs, 'utf8').replace('export const jobSchema = 1', 'export const jobSchema = 2')
      writeFileSync(jobs, newer)
      const script = join(copy, 'src/main.ts')
      const older = await stage.worker()
      await stage.serve({ script })
      await stage.ask()
      const left = await older.says('newer version', 30_000)
      const wrong = left === null ? ['the older worker said nothing'] : []
      if (!newer.includes('jobSchema = 2')) wrong.push('the copy is not newer')
      await stage.worker({ script })
      if (!(await stage.settle(60))) wrong.push('not answered')
      return {
        saw: `the older worker: "${/"error":"([^"]*)"/.exec(left ?? '')?.[1]?.replace(/run-\S+/, 'RUN') ?? ''}"; the newer one answered`,
        wrong,
        faultSeconds: 15,
      }
    },
  },
  {
    name: 'Port taken',
    how: 'another program listens on PORT',
    async run(stage) {
      const port = await freePort()
      const other = createServer().listen(port)
      stage.onClose(() => other.close())
      const server = stage.spawn('serve', { env: { PORT: String(port) } })
      await server.ended(30_000)
      const said = server.lines.find((line) => line.includes(String(port))) ?? ''
      const wrong = server.child.exitCode === 4 || server.child.exitCode === 2 ? [] : [`exit code ${server.child.exitCode}`]
      if (said === '' || server.lines.some((line) => line.includes('    at '))) wrong.push('no plain reason')
      return { saw: `exit ${server.child.exitCode}: "${said.replace('prompts: ', '').replaceAll(String(port), 'PORT')}"`, wrong }
    },
  },
]
