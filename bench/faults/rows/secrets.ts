import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { lacks } from '../../../test/support/needs.ts'
import { startQdrantBridge } from '../../../test/support/qdrant-server.ts'
import { botToken, botUser, teamId } from '../../../test/support/slack/workspace.ts'
import { startBucket } from '../bucket.ts'
import type { Row } from '../row.ts'
import { SocketMode } from '../socket-mode.ts'

const said = (lines: readonly string[]) => lines.findLast((line) => line.startsWith('prompts: '))?.replace('prompts: ', '') ?? ''
const needs = (program: Parameters<typeof lacks>[0], words: string) => () => (lacks(program) ? words : null)

/** Each secret replaced while the bot is at work, as docs/deploy.md says; what was asked meanwhile is answered. */
export const secretRows: Row[] = [
  {
    name: "Redis' password replaced",
    how: 'requirepass set anew while runs are on their way; serve and worker started again with the new one, as docs/deploy.md says',
    async run(stage) {
      const redis = await stage.startRedis()
      const [server, worker] = [await stage.serve(), await stage.worker()]
      await stage.ask()
      await stage.ask()
      const admin = new Redis(redis.url)
      await admin.config('SET', 'requirepass', 'another')
      admin.disconnect()
      await Promise.all([server.end('SIGTERM'), worker.end('SIGTERM')])
      const env = { REDIS_URL: redis.url.replace('redis://', 'redis://:another@') }
      const old = stage.spawn('worker', { env: { PROMPTS_START_SECONDS: '20' } })
      await old.ended(30_000)
      await stage.serve({ env })
      await stage.worker({ env })
      await stage.ask()
      const wrong = (await stage.settle(90)) ? [] : ['not all answered']
      if (old.child.exitCode !== 4) wrong.push(`with the old password exit code ${old.child.exitCode}`)
      return {
        saw: `all answered; with the old password exit 4: "${said(old.lines).replaceAll(/127\.0\.0\.1:\d+/g, 'HOST:PORT')}"`,
        wrong,
        faultSeconds: 15,
      }
    },
  },
  {
    name: 'The bot token replaced',
    how: 'Slack answers token_revoked to the old one while runs are on their way; 20 s later serve and worker are started with the new one',
    async run(stage) {
      await stage.startRedis()
      const [server, worker] = [await stage.serve(), await stage.worker()]
      await stage.ask()
      await stage.ask()
      await stage.until(20, async () => (await stage.slack.answers(stage.questions[0]!.channel, stage.questions[0]!.ts)).length > 0)
      const { gate } = stage.slack
      gate.refusedTokens.set(botToken, 'token_revoked')
      const token = 'xoxb-test-replaced'
      gate.sameAs = new Map([...gate.sameAs, [token, [botToken]]])
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.until(20, async () => (await stage.ready()).includes('Slack refuses SLACK_BOT_TOKEN: token_revoked')))) {
        wrong.push('/ready did not say it')
      }
      const old = stage.spawn('worker')
      await old.ended(30_000)
      if (old.child.exitCode !== 4) wrong.push(`with the old token exit code ${old.child.exitCode}`)
      await Promise.all([server.end('SIGTERM'), worker.end('SIGTERM')])
      const env = { SLACK_BOT_TOKEN: token }
      await stage.serve({ env })
      await stage.worker({ env })
      await stage.ask()
      if (!(await stage.settle(90))) wrong.push('not all answered')
      return {
        saw: `/ready 503: "Slack refuses SLACK_BOT_TOKEN: token_revoked"; a start with the old one, exit 4: "${said(old.lines)}"; all answered with the new one`,
        wrong,
        faultSeconds: 35,
      }
    },
  },
  {
    name: 'The app token replaced',
    how: 'Socket Mode: the socket is closed, and Slack refuses the old token for the next; serve is started with the new one',
    async run(stage) {
      await stage.startRedis()
      const socket = await SocketMode.open(stage)
      const server = await stage.serve({ env: socket.env })
      await stage.worker()
      await socket.connected
      await socket.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered before')
      stage.slack.gate.refusedTokens.set(socket.env.SLACK_APP_TOKEN, 'invalid_auth')
      await socket.stop()
      const old = stage.spawn('serve', { env: socket.env })
      await old.ended(30_000)
      if (old.child.exitCode !== 4) wrong.push(`with the old token exit code ${old.child.exitCode}`)
      await server.end('SIGTERM')
      await socket.startAgain()
      await stage.serve({ env: { SLACK_APP_TOKEN: 'xapp-1-replaced' } })
      await socket.connected
      await socket.ask()
      if (!(await stage.settle(60))) wrong.push('not answered with the new one')
      return { saw: `a start with the old one, exit 4: "${said(old.lines)}"; answered with the new one`, wrong }
    },
  },
  {
    name: 'The signing secret replaced',
    how: 'Slack signs with another one; what is not acked it sends again; serve is started with the new one after 10 s',
    async run(stage) {
      await stage.startRedis()
      const server = await stage.serve()
      await stage.worker()
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered before')
      stage.forwarder.secret = 'replaced-signing-secret'
      await stage.ask(undefined, { retryMs: [0, 1000, 14_000, 60_000] })
      await sleep(10_000)
      if ((await stage.slack.answers(stage.questions[1]!.channel, stage.questions[1]!.ts)).length > 0)
        wrong.push('a delivery with another signature was taken')
      await server.end('SIGTERM')
      await stage.serve({ env: { SLACK_SIGNING_SECRET: stage.forwarder.secret } })
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not all answered')
      return {
        saw: 'deliveries signed anew were refused until serve had the new one; then all answered, by Slack’s own retries',
        wrong,
        faultSeconds: 16,
      }
    },
  },
  {
    name: 'The installation key replaced',
    how: 'a workspace installed by OAuth; started with "new,old", then with the new one alone; then with another',
    async run(stage) {
      await stage.startRedis()
      stage.slack.gate.answers.set('oauth.v2.access', () => ({
        ...{ ok: true, app_id: 'A0APP00001', token_type: 'bot', scope: 'chat:write', access_token: botToken, bot_user_id: botUser },
        ...{
          team: { id: teamId, name: 'Test' },
          enterprise: null,
          is_enterprise_install: false,
          authed_user: { id: stage.slack.users[0] },
        },
      }))
      const [before, after, other] = Array.from({ length: 3 }, () => randomBytes(32).toString('base64'))
      const oauth = {
        SLACK_BOT_TOKEN: '',
        SLACK_CLIENT_ID: '1.2',
        SLACK_CLIENT_SECRET: 'client-secret',
        SLACK_STATE_SECRET: 'state-secret-of-a-test',
      }
      const start = async (key: string) => {
        const env = { ...oauth, PROMPTS_INSTALLATION_KEY: key, PROMPTS_EXPERIMENTS: `*=${stage.folder}/experiments` }
        return [await stage.serve({ env }), await stage.worker({ env })] as const
      }
      const end = async (processes: Awaited<ReturnType<typeof start>>) => Promise.all(processes.map((one) => one.end('SIGTERM')))
      let processes = await start(before!)
      const page = await fetch(`http://127.0.0.1:${stage.port}/slack/install`, { redirect: 'manual' })
      const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
      const state = /state=([^&"]+)/.exec(`${page.headers.get('location')} ${await page.text()}`)?.[1] ?? ''
      await fetch(`http://127.0.0.1:${stage.port}/slack/oauth_redirect?code=c&state=${state}`, { headers: { cookie } })
      const wrong: string[] = []
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not answered before')
      await end(processes)
      processes = await start(`${after},${before}`)
      if (!processes[0].lines.some((line) => line.includes('sealed installations with the new key'))) wrong.push('nothing was sealed anew')
      await end(processes)
      processes = await start(after!)
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not answered with the new one alone')
      await end(processes)
      processes = await start(other!)
      const late = await stage.ask()
      await sleep(8000)
      if ((await stage.slack.answers(late.channel, late.ts)).length > 0) wrong.push('answered with a key that cannot open the token')
      await end(processes)
      await start(after!)
      if (!(await stage.settle(90))) wrong.push('not answered once the right key was back')
      return {
        saw: 'sealed anew at the start with both; answered with the new one alone; with another one what was asked waited, and was answered once the right one was back',
        wrong,
        faultSeconds: 30,
      }
    },
  },
  {
    name: "The bucket's key replaced",
    how: 'S3 (moto, with access control) deletes the old key in mid-run; serve and worker are started with the new one after 10 s',
    lacks: needs('moto', 'moto (npm run setup:test-servers)'),
    async run(stage) {
      await stage.startRedis()
      const bucket = await startBucket(stage)
      const [first, second] = await bucket.protect()
      const env = (key: typeof first) => ({ ...bucket.env, AWS_ACCESS_KEY_ID: key!.id, AWS_SECRET_ACCESS_KEY: key!.secret })
      const [server, worker] = [await stage.serve({ env: env(first) }), await stage.worker({ env: env(first) })]
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered before')
      await bucket.revoke(first!)
      await stage.ask()
      if (!(await stage.until(20, async () => /"runs":\{"ok":false/.test(await stage.ready())))) wrong.push('/ready did not say it')
      const reason = /"runs":\{"ok":false,"detail":"([^"]*)"/.exec(await stage.ready())?.[1] ?? ''
      await Promise.all([server.end('SIGTERM'), worker.end('SIGTERM')])
      await stage.serve({ env: env(second) })
      await stage.worker({ env: env(second) })
      await stage.ask()
      if (!(await stage.settle(90))) wrong.push('not all answered, or told why not')
      const inFault = (await stage.read(stage.questions[1]!)).split('\n')[0]?.replace('prompts: ', '').slice(0, 160) ?? ''
      return { saw: `/ready 503: "${reason}"; the question in it: "${inFault}"; the next one answered`, wrong, faultSeconds: 20 }
    },
  },
  {
    name: "Qdrant's key replaced",
    how: 'the server (the bridge to qdrant-client’s local mode) takes another key; serve and worker are started with it',
    lacks: needs('qdrant-client', 'qdrant-client (npm run setup:test-servers)'),
    async run(stage) {
      await stage.startRedis()
      const path = `${stage.folder}/qdrant`
      let qdrant = await startQdrantBridge({ path, apiKey: 'first' })
      stage.onClose(() => qdrant.stop())
      const env = (key: string) => ({ QDRANT_URL: qdrant.url, QDRANT_API_KEY: key })
      const [server, worker] = [await stage.serve({ env: env('first') }), await stage.worker({ env: env('first') })]
      await stage.ask()
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not answered before')
      if (!/"library":\{"ok":true/.test(await stage.ready())) wrong.push('the library was not there before')
      await qdrant.stop()
      qdrant = await startQdrantBridge({ path, port: qdrant.port, apiKey: 'second' })
      await Promise.all([server.end('SIGTERM'), worker.end('SIGTERM')])
      const old = [await stage.serve({ env: env('first') }), await stage.worker({ env: env('first') })]
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not answered meanwhile')
      const detail = /"library":\{"ok":false,"detail":"([^"]*)"/.exec(await stage.ready())?.[1]
      if (detail === undefined) wrong.push('/ready did not say it')
      await Promise.all(old.map((one) => one.end('SIGTERM')))
      await stage.serve({ env: env('second') })
      await stage.worker({ env: env('second') })
      await stage.ask()
      if (!(await stage.settle(60))) wrong.push('not answered with the new one')
      if (!/"library":\{"ok":true/.test(await stage.ready())) wrong.push('the library is not back')
      return {
        saw: `with the old one answered from the embedded library, /ready with the note "${detail ?? ''}"; with the new one as before`,
        wrong,
      }
    },
  },
]
