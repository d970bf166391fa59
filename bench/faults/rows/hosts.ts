import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from '../../../test/support/needs.ts'
import { freePort } from '../../../test/support/redis-server.ts'
import { Forwarder } from '../../../test/support/slack/forwarder.ts'
import { Workspace } from '../../../test/support/slack/workspace.ts'
import { startBucket } from '../bucket.ts'
import type { Row } from '../row.ts'
import type { Stage } from '../stage.ts'

const isRoot = () => process.getuid?.() === 0
const needsHosts = () => {
  if (!isRoot() || !existsSync('/sbin/ip')) return 'root and ip(8), for namespaces'
  return findProgram('moto_server') === null ? 'moto (npm run setup:test-servers)' : null
}
const sh = (...words: string[]) => execFileSync(words[0]!, words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] })

const bridge = 'prfaults'
const gateway = '10.213.7.1'

/** A network of its own with hosts as namespaces; what listens on this machine's loopback is reached through `gateway`. */
function openNetwork(stage: Stage): { host(name: string, address: string): string[]; publish(port: number): Promise<void> } {
  sh('ip', 'link', 'add', bridge, 'type', 'bridge')
  stage.onClose(() => sh('ip', 'link', 'del', bridge))
  sh('ip', 'addr', 'add', `${gateway}/24`, 'dev', bridge)
  sh('ip', 'link', 'set', bridge, 'up')
  return {
    host(name, address) {
      const namespace = `${bridge}-${name}`
      sh('ip', 'netns', 'add', namespace)
      stage.onClose(() => sh('ip', 'netns', 'del', namespace))
      sh('ip', 'link', 'add', `v${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      sh('ip', 'link', 'set', `v${name}`, 'master', bridge, 'up')
      for (const words of [
        ['addr', 'add', `${address}/24`, 'dev', 'eth0'],
        ['link', 'set', 'eth0', 'up'],
        ['link', 'set', 'lo', 'up'],
      ]) {
        sh('ip', '-n', namespace, ...words)
      }
      const disk = join(stage.folder, `disk-${name}`)
      mkdirSync(disk)
      // a disk that only this host sees
      const inside = `mount -t tmpfs -o size=512m tmpfs ${disk} && exec "$0" "$@"`
      return ['ip', 'netns', 'exec', namespace, 'unshare', '--mount', 'sh', '-c', inside]
    },
    async publish(port) {
      const proxy = createServer((client) => {
        const target = connect(port, '127.0.0.1')
        client.pipe(target).pipe(client)
        for (const socket of [client, target]) socket.on('error', () => {})
      })
      await new Promise<void>((resolve) => proxy.listen(port, gateway, resolve))
      stage.onClose(() => proxy.close())
    },
  }
}

export const hostRows: Row[] = [
  {
    name: 'Two hosts without a shared disk',
    how: 'serve and worker in network and mount namespaces of their own, each with its own tmpfs; runs in S3 (moto)',
    lacks: needsHosts,
    async run(stage) {
      const redis = await stage.startRedis()
      const bucket = await startBucket(stage)
      const network = openNetwork(stage)
      const slackPort = Number(new URL(stage.slack.url).port)
      for (const port of [redis.port, bucket.port, slackPort]) await network.publish(port)
      const env = {
        ...{ REDIS_URL: `redis://${gateway}:${redis.port}`, SLACK_API_URL: `http://${gateway}:${slackPort}/api/` },
        ...{ ...bucket.env, PROMPTS_S3_ENDPOINT: `http://${gateway}:${bucket.port}` },
      }
      const on = (name: string, address: string) => ({
        wrap: network.host(name, address),
        home: join(stage.folder, `disk-${name}`, 'home'),
      })
      const server = await stage.serve({ ...on('a', '10.213.7.11'), env: { ...env, PORT: '3000' } })
      stage.forwarder.url = server.url.replace('127.0.0.1', '10.213.7.11')
      await stage.worker({ ...on('b', '10.213.7.12'), env })
      const wrong: string[] = []
      const question = await stage.ask()
      if (!(await stage.settle(90))) wrong.push('no diagnosis')
      const { channel, ts } = question
      const say = (text: string) => stage.forwarder.say({ person: 0, channel, text, threadTs: ts })
      const until = async (what: string, words: RegExp) => {
        if (!(await stage.until(30, async () => words.test(await stage.read(question))))) wrong.push(`no ${what}`)
      }
      await say('why not model=8?')
      await until('follow-up', /model=8/)
      const [, card] = await stage.slack.answers(channel, ts)
      await stage.forwarder.react({ person: 1, channel, ts: card!.ts, name: 'one' })
      await until('adoption', /adopted card 1/)
      const run = (await bucket.objects())
        .map((key) => /runs\/(run-[^/]+)\/diagnosis\.json$/.exec(key)?.[1])
        .find((name) => name !== undefined)
      await stage.forwarder.command({ person: 0, channel, text: `forget ${run}`, responseUrl: '' })
      const isGone = async () => !(await bucket.objects()).some((key) => key.includes(`/${run}/`))
      if (run === undefined || !(await stage.until(30, isGone))) wrong.push('not forgotten')
      return { saw: 'diagnosis, "why not model=8?", adoption and forget as on one host; nothing of the run left in the bucket', wrong }
    },
  },
  {
    name: 'The bucket away',
    how: 'SIGSTOP of the S3 server (moto) for 15 s while runs are on their way',
    lacks: () => (findProgram('moto_server') === null ? 'moto (npm run setup:test-servers)' : null),
    async run(stage) {
      await stage.startRedis()
      const bucket = await startBucket(stage)
      await stage.serve({ env: bucket.env })
      await stage.worker({ env: bucket.env })
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered before')
      await stage.ask()
      bucket.pause()
      await stage.ask()
      await sleep(8000)
      const ready = await stage.ready()
      await sleep(5000)
      bucket.resume()
      if (!/"runs":\{"ok":false/.test(ready)) wrong.push(`/ready did not say it: ${ready.slice(0, 80)}`)
      await stage.ask()
      if (!(await stage.settle(120))) wrong.push('not all answered, or told why not, in 120 s')
      const failed = (await Promise.all(stage.questions.map((one) => stage.read(one)))).filter((text) => text.includes(':x:')).length
      return {
        saw: `/ready 503 with the store of runs; ${failed === 0 ? 'all answered' : `${failed} told why not`}`,
        wrong,
        faultSeconds: 16,
      }
    },
  },
  {
    name: 'Two hosts with disks of their own and no bucket',
    how: 'a worker whose PROMPTS_HOME is another',
    async run(stage) {
      await stage.startRedis()
      await stage.serve()
      const worker = stage.spawn('worker', { home: join(stage.folder, 'other-home') })
      await worker.ended(40_000)
      const said = worker.lines.find((line) => line.includes('keeps runs in')) ?? ''
      const wrong = worker.child.exitCode === 2 ? [] : [`exit code ${worker.child.exitCode}`]
      return {
        saw: `exit 2: "${said
          .replace(/^.*?prompts: /, '')
          .replaceAll(/PROMPTS_HOME \([^)]*\) on \S+/g, 'PROMPTS_HOME (…) on HOST')
          .slice(0, 200)}"`,
        wrong,
      }
    },
  },
  {
    name: 'Two bots on one Redis',
    how: 'two workspaces with bots of their own, a server and a worker each; then a third with the first one’s PROMPTS_REDIS_PREFIX',
    async run(stage) {
      const redis = await stage.startRedis()
      await stage.serve()
      await stage.worker()
      const other = await Workspace.start({ channels: 1 })
      stage.onClose(() => other.stop())
      const me = {
        ok: true,
        url: 'https://other.slack.com/',
        team: 'Other',
        team_id: 'T000000001',
        user_id: 'U0BOT00001',
        bot_id: 'B0BOT00002',
      }
      other.gate.answers.set('auth.test', () => me)
      const own = { home: join(stage.folder, 'other-home') }
      const env = { SLACK_API_URL: other.apiUrl, REDIS_URL: redis.url, PORT: String(await freePort()) }
      const first = stage.forwarder.url
      const server = await stage.serve({ ...own, env })
      await stage.worker({ ...own, env })
      stage.forwarder.url = first
      const forwarder = new Forwarder(other, server.url)
      const asked: { channel: string; ts: string }[] = []
      for (let at = 0; at < 3; at += 1) {
        await stage.ask()
        const channel = other.channels[0]!
        asked.push({
          channel,
          ts: await forwarder.mention({ person: 0, channel, text: `@prompts diagnose ${stage.experiments[20 + at]}` }),
        })
      }
      const wrong: string[] = []
      if (!(await stage.settle(90))) wrong.push('not all of the first bot answered')
      const count = async () =>
        (await Promise.all(asked.map(({ channel, ts }) => other.answers(channel, ts)))).map((found) => found.length).join()
      if (!(await stage.until(60, async () => (await count()) === '4,4,4'))) wrong.push(`the second bot's answers: ${await count()}`)
      const third = stage.spawn('worker', { ...own, env: { ...env, PROMPTS_REDIS_PREFIX: 'B0BOT00001' } })
      await third.ended(40_000)
      const said = third.lines.find((line) => line.includes('prompts:')) ?? ''
      if (third.child.exitCode !== 2) wrong.push(`the third ended with ${third.child.exitCode}`)
      return { saw: `each answered its own; the third, exit 2: "${said.replace(/^.*?prompts: /, '').slice(0, 160)}"`, wrong }
    },
  },
]
