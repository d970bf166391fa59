import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { botUser } from '../../../test/support/slack/workspace.ts'
import type { Row } from '../row.ts'
import { SocketMode } from '../socket-mode.ts'
import type { Stage } from '../stage.ts'

async function both(stage: Stage): Promise<void> {
  await stage.startRedis()
  await stage.serve()
  await stage.worker()
}

export const slackRows: Row[] = [
  ...[10, 90].map((seconds) => ({
    name: `Slack away for ${seconds} s`,
    how: `every call to Slack breaks off for ${seconds} s in mid-run`,
    async run(stage: Stage) {
      await both(stage)
      await stage.ask()
      await stage.ask()
      await stage.until(20, async () => (await stage.slack.answers(stage.questions[0]!.channel, stage.questions[0]!.ts)).length > 0)
      stage.slack.gate.fault = () => ({ kind: 'lose_request' })
      await stage.ask()
      await sleep(seconds * 1000)
      stage.slack.gate.fault = () => null
      const wrong = (await stage.settle(120)) ? [] : ['not all answered in 120 s']
      return { saw: 'what was to be posted waited; answered', wrong, faultSeconds: seconds + 2 }
    },
  })),
  {
    name: 'Slack takes a post and its answer is lost',
    how: 'every third chat.postMessage is done and its connection broken',
    async run(stage) {
      await both(stage)
      let count = 0
      stage.slack.gate.fault = (method) => {
        if (method === 'chat.postMessage') count += 1
        return method === 'chat.postMessage' && count % 3 === 0 ? { kind: 'lose_answer' } : null
      }
      for (let at = 0; at < 3; at += 1) await stage.ask()
      const wrong = (await stage.settle(120)) ? [] : ['not all answered in 120 s']
      return { saw: 'one summary and three cards each: Slack is asked before a post is repeated', wrong, faultSeconds: 20 }
    },
  },
  {
    name: "Slack's socket down",
    how: 'Socket Mode; the server of the socket goes away for 8 s and comes back on another port',
    async run(stage) {
      await stage.startRedis()
      const socket = await SocketMode.open(stage)
      const server = await stage.serve({ env: socket.env })
      await stage.worker()
      await socket.connected
      const ready = () => stage.ready().catch(() => '')
      await socket.ask()
      await stage.settle(60)
      await socket.stop()
      const wrong: string[] = []
      if (!(await stage.until(20, async () => (await ready()).includes('the socket to Slack is not open'))))
        wrong.push('/ready did not say it')
      await sleep(8000)
      await socket.startAgain()
      if (!(await stage.until(60, async () => (await ready()).includes('the socket is open')))) wrong.push('not connected again in 60 s')
      await socket.ask()
      if (!(await stage.settle(60))) wrong.push('not answered')
      if (server.child.exitCode !== null) wrong.push('serve ended')
      return { saw: '/ready 503: "the socket to Slack is not open"; connected again by itself, answered', wrong, faultSeconds: 10 }
    },
  },
  {
    name: 'Slack refuses the token',
    how: 'auth.test answers invalid_auth; serve and a worker',
    async run(stage) {
      await stage.startRedis()
      stage.slack.gate.fault = (method) => (method === 'auth.test' ? { kind: 'error', error: 'invalid_auth' } : null)
      const [server, worker] = [stage.spawn('serve'), stage.spawn('worker')]
      await Promise.all([server.ended(40_000), worker.ended(40_000)])
      const codes = [server.child.exitCode, worker.child.exitCode]
      const said = server.lines.find((line) => line.includes('invalid_auth')) ?? ''
      const wrong = codes.every((code) => code === 4) ? [] : [`exit codes ${codes.join(' and ')}`]
      if (said === '' || server.lines.some((line) => line.includes('    at '))) wrong.push('no plain reason')
      return { saw: `exit 4: "${said.replace(/^.*?prompts: /, '').slice(0, 160)}"`, wrong }
    },
  },
  {
    name: 'A guest asks',
    how: 'users.info says is_restricted; mention, then a reaction on a card of somebody else',
    async run(stage) {
      const isGuest = (user: string | undefined) => user === stage.slack.users[1]
      stage.slack.gate.answers.set('users.info', ({ user }) => ({ ok: true, user: { id: user, is_restricted: isGuest(user) } }))
      await both(stage)
      const own = await stage.ask(undefined, { person: 0 })
      const guest = await stage.ask(undefined, { person: 1 })
      const wrong: string[] = []
      if (!(await stage.settle(60))) wrong.push('not all answered')
      const said = await stage.read(guest)
      if (!said.includes('I do not answer guests')) wrong.push('the guest was not told')
      const [, card] = await stage.slack.answers(own.channel, own.ts)
      await stage.forwarder.react({ person: 1, channel: own.channel, ts: card!.ts, name: 'one' })
      await sleep(4000)
      if ((await stage.read(own)).includes('adopted')) wrong.push('a guest adopted')
      return { saw: `"${said.split('\n')[0]?.replace('prompts: ', '')}"; the guest's reaction adopts nothing`, wrong }
    },
  },
  {
    name: 'Enterprise Grid',
    how: 'an org-wide installation: enterprise_id in the envelope, people W…, team of another workspace in `user_team`',
    async run(stage) {
      await both(stage)
      const wrong: string[] = []
      const channel = stage.slack.channels[0]!
      const text = `<@${botUser}> diagnose ${stage.experiments[0]}`
      const ts = String((await stage.slack.person(0).chat.postMessage({ channel, text })).ts)
      const user = 'W012A3CDE'
      stage.slack.gate.answers.set('users.info', () => ({ ok: true, user: { id: user, enterprise_user: { enterprise_id: 'E01234567' } } }))
      const event = { type: 'app_mention', user, user_team: 'E01234567', text, channel, ts }
      const body = {
        ...{
          token: 'x',
          team_id: 'T000000001',
          enterprise_id: 'E01234567',
          context_team_id: 'T000000001',
          context_enterprise_id: 'E01234567',
        },
        ...{ api_app_id: 'A0APP00001', type: 'event_callback', event_id: `Ev${randomUUID()}`, event_time: 1, event },
        authorizations: [
          { enterprise_id: 'E01234567', team_id: 'T000000001', user_id: botUser, is_bot: true, is_enterprise_install: true },
        ],
      }
      const status = await stage.forwarder.post(JSON.stringify(body), 'application/json')
      if (status !== 200) wrong.push(`acked ${status}`)
      stage.questions.push({ channel, ts, askedAt: Date.now(), acked: Promise.resolve(1) })
      if (!(await stage.settle(60))) wrong.push('not answered')
      const [, card] = await stage.slack.answers(channel, ts)
      const item = { type: 'message', channel, ts: card?.ts ?? '' }
      await stage.slack.person(0).reactions.add({ channel, timestamp: card?.ts ?? '', name: 'one' })
      await stage.forwarder.post(
        JSON.stringify({
          ...body,
          event_id: `Ev${randomUUID()}`,
          event: { type: 'reaction_added', user, reaction: 'one', item, event_ts: '1.1' },
        }),
        'application/json',
      )
      if (!(await stage.until(20, async () => (await stage.read(stage.questions[0]!)).includes(`<@${user}> adopted card 1`)))) {
        wrong.push('the reaction of W… adopted nothing')
      }
      return { saw: `answered; "<@${user}> adopted card 1"`, wrong }
    },
  },
]
