import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../../test/support/load/least-time.ts'
import { botUser } from '../../test/support/slack/workspace.ts'
import { Stage } from '../faults/stage.ts'
import { writeExperiments } from './experiments.ts'
import { watchEnds } from './queue-run.ts'

/**
 * `npm run load:turns`: one person of a workspace asks for hundreds of diagnoses at once; a little later another person of it
 * asks for five, and somebody of another workspace for five. How long each waited, and what was said of the wait beside what it
 * was.
 */
const crowd = Number(process.argv[2] ?? 400)
const few = 5
/** Runs before: how long one takes is known from the last fifty, which a bot that is at work has. */
const before = 50
const laterMs = 5000

interface Asked {
  group: string
  id: string
  at: number
}

const stage = await Stage.open({ channels: 60 })
const ids = writeExperiments(`${stage.folder}/experiments`, before + crowd + 2 * few)
await stage.startRedis()
const env = { PROMPTS_LOG_LEVEL: 'info', PROMPTS_ALLOW_GUESTS: '1' }
await stage.serve({ env })
// one at a time, so that waits are of minutes
const worker = await stage.worker({ env: { ...env, PROMPTS_WORKERS: '1' } })
const ended = new Map<string, number>()
watchEnds(worker, ended)
const asked: Asked[] = []

async function ask(group: string, { person, team }: { person: number; team: string }): Promise<void> {
  const id = ids[asked.length]!
  const channel = stage.slack.channels[asked.length % stage.slack.channels.length]!
  const text = `<@${botUser}> diagnose ${id}`
  const ts = String((await stage.slack.person(person).chat.postMessage({ channel, text })).ts)
  asked.push({ group, id, at: Date.now() })
  await stage.forwarder.event({ type: 'app_mention', user: stage.slack.users[person], text, channel, ts }, { team })
}

for (let at = 0; at < before; at += 1) await ask('before', { person: 3, team: 'T000000001' })
await stage.until(300, () => ended.size >= before)
for (let at = 0; at < crowd; at += 1) await ask('the crowd', { person: 0, team: 'T000000001' })
await sleep(laterMs)
for (let at = 0; at < few; at += 1) {
  await ask('another person of the workspace', { person: 1, team: 'T000000001' })
  await ask('another workspace', { person: 2, team: 'T000000002' })
}
console.error(`all asked, ${ended.size} done`)
if (!(await stage.until(1800, () => ended.size >= asked.length))) console.error(`only ${ended.size} of ${asked.length} ended`)

console.log('| who | asked | done p50 | done p99 |\n|---|---|---|---|')
for (const group of new Set(asked.slice(before).map((one) => one.group))) {
  const waits = asked.filter((one) => one.group === group).map(({ id, at }) => ((ended.get(id) ?? Number.NaN) - at) / 1000)
  console.log(`| ${group} | ${waits.length} | ${percentile(waits, 0.5).toFixed(1)} s | ${percentile(waits, 0.99).toFixed(1)} s |`)
}
const byId = new Map(asked.map((one) => [one.id, one]))
const estimates = stage.slack.gate.calls.flatMap(({ method, body, at }) => {
  const [, id = '', minutes] = /before \*(load-\d+)\*: it should begin in about (\d+) minutes?/.exec(body.text ?? '') ?? []
  const [end, from] = [ended.get(id), byId.get(id)?.at]
  return method === 'chat.postEphemeral' && minutes !== undefined && end !== undefined && from !== undefined
    ? [{ saidMinutes: Number(minutes), tookMinutes: (end - from) / 60_000, lateSeconds: (at - from) / 1000 }]
    : []
})
const within = estimates.filter(
  ({ saidMinutes, tookMinutes }) =>
    Math.abs(saidMinutes - tookMinutes) <= 1 || (tookMinutes > saidMinutes / 2 && tookMinutes < saidMinutes * 2),
)
const ratios = estimates.map(({ saidMinutes, tookMinutes }) => tookMinutes / saidMinutes)
console.log(
  estimates.length === 0
    ? 'Nobody waited long enough to be told.'
    : `${estimates.length} were told when theirs should begin: ${within.length} within a minute or a factor of two; what it took ÷ what was said: median ${percentile(ratios, 0.5).toFixed(2)}, from ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}; said at most ${Math.max(...estimates.map(({ lateSeconds }) => lateSeconds)).toFixed(0)} s after the question`,
)
await stage.close()
process.exit(0)
