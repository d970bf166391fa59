import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { hostileExperiments } from '../../test/support/hostile/experiments.ts'
import { hostileMessages } from '../../test/support/hostile/messages.ts'
import { projectRoot } from '../../test/support/needs.ts'
import { Stage } from '../faults/stage.ts'

/**
 * `npm run hostile:loop`: what each hostile message, pasted experiment, command and click costs the event loop of `prompts serve`
 * as it ships, in CPU milliseconds of its main thread at a stretch. `-- WORDS`: those
 * whose name begins so. Exits 1 where one holds it for 50 ms in each of three tries.
 */
const allowedMs = 50
const settleMs = 250
/** Slack cuts a message there. */
const longest = 40_000

interface Input {
  name: string
  send: () => Promise<unknown>
}

const stage = await Stage.open()
await stage.startRedis()
const sources = { PROMPTS_EXPERIMENTS: `${join(stage.folder, 'experiments')},${join(projectRoot, 'examples')}` }
const watched = { NODE_OPTIONS: `--import=${fileURLToPath(new URL('./loop-watch.ts', import.meta.url))}` }
const server = await stage.serve({ env: { ...sources, ...watched } })
const worker = await stage.worker({ env: sources })
// one with a profile, whose page a button brings
const question = await stage.ask('diagnose llama2-70b-v5p')
await stage.settle(60)
await worker.end('SIGTERM')
const answers = await stage.slack.answers(question.channel, question.ts)
const [, card] = answers
const { channel, ts: threadTs } = question
const { forwarder } = stage

let told = 0
/** The most since it was asked last. */
async function held(): Promise<number> {
  told += 1
  server.child.kill('SIGUSR2')
  const line = await server.says(`loop ${told}: `, 30_000)
  return Number(/: ([\d.]+) ms/.exec(line ?? '')?.[1] ?? Number.NaN)
}

async function cost({ send }: Input): Promise<number> {
  await held()
  await send().catch(() => {})
  await sleep(settleMs)
  return held()
}

const say = (text: string, thread?: string) =>
  forwarder.say({ person: 0, channel, text: text.slice(0, longest), ...(thread === undefined ? {} : { threadTs: thread }) })
/** As files that Slack holds, up to ten in one message. */
const shared = (id: string, texts: readonly string[]) => {
  const files = texts.map((text, at) => {
    stage.slack.gate.files.set(`/files/${id}-${at}`, text)
    const url = new URL(`/files/${id}-${at}`, stage.slack.apiUrl).href
    return { id: `F${at}`, name: `${id}-${at}.yaml`, size: Buffer.byteLength(text), url_private_download: url }
  })
  return forwarder.say({ person: 0, channel, text: '@prompts diagnose', files })
}
/** All parts of a message that do something when they are pressed. */
function pressable(part: unknown): { action_id: string; value: string }[] {
  if (typeof part !== 'object' || part === null) return []
  const own = part as { action_id?: string; value?: string }
  const here = own.action_id !== undefined && own.value !== undefined ? [{ action_id: own.action_id, value: own.value }] : []
  return [...here, ...Object.values(part).flatMap(pressable)]
}
const buttons = answers.flatMap(({ ts, blocks }) =>
  pressable(blocks).map(({ action_id: action, value }) => ({
    name: `press ${action}`,
    send: () => forwarder.click({ person: 1, channel, threadTs, ts: ts ?? '', action, value: JSON.parse(value) }),
  })),
)
const asks = [
  'why not model=8?',
  'what if the batch doubles?',
  'compare 1 and 2',
  'show the evidence',
  'what if 1024 chips?',
  'it ran at 9.1 s',
  'help',
]
const commands = [
  'runs',
  'cases llama',
  'plan llama2-70b-v5p',
  'size llama3-70b train 1M tokens batch on v5p',
  'plan llama3-8b on v5e-16 seq 8192',
  'help',
]
const inputs: Input[] = [
  ...buttons,
  ...asks.map((text) => ({ name: `ask ${text}`, send: () => say(text, threadTs) })),
  ...commands.flatMap((text) => [
    { name: `command ${text}`, send: () => forwarder.command({ person: 0, channel, text, responseUrl: '' }) },
    { name: `mention ${text}`, send: () => say(`@prompts ${text}`) },
  ]),
  { name: 'Home', send: () => forwarder.event({ type: 'app_home_opened', user: stage.slack.users[0], channel: 'D1', tab: 'home' }) },
  ...hostileMessages.flatMap(({ id, text }) => [
    { name: `mention ${id}`, send: () => say(`@prompts ${text}`) },
    { name: `in a thread ${id}`, send: () => say(text, threadTs) },
    { name: `command ${id}`, send: () => forwarder.command({ person: 0, channel, text: text.slice(0, longest), responseUrl: '' }) },
    {
      name: `button ${id}`,
      send: () => forwarder.click({ person: 0, channel, threadTs, ts: card!.ts, action: 'adopt', value: text.slice(0, 2000) }),
    },
  ]),
  ...hostileExperiments.map(({ id, text }) => ({
    name: `pasted ${id}`,
    send: () => say(`@prompts diagnose\n\`\`\`\n${text.slice(0, longest - 100)}\n\`\`\``),
  })),
  ...hostileExperiments.map(({ id, text }) => ({ name: `file ${id}`, send: () => shared(id, [text]) })),
  ...hostileExperiments.map(({ id, text }) => ({ name: `ten files ${id}`, send: () => shared(id, Array<string>(10).fill(text)) })),
]

// what compiles the code is not an input's doing
for (let round = 0; round < 20; round += 1) {
  await say('why not model=8?', threadTs)
  await say(
    `@prompts diagnose\n\`\`\`\nid: warm-${round}\nhardware: { chip: v5p, topology: 4x4x4 }\nphase: train\nmodel: llama2-70b\nrun: { global_batch: 256, seq_len: 4096 }\n\`\`\``,
  )
}
await sleep(3000)

const costs: { name: string; ms: number }[] = []
const only = process.argv[2]
for (const [at, input] of inputs.filter(({ name }) => only === undefined || name.startsWith(only)).entries()) {
  let ms = await cost(input)
  for (let more = 0; more < 2 && ms >= allowedMs; more += 1) ms = Math.min(ms, await cost(input))
  costs.push({ name: input.name, ms })
  if (at % 50 === 49) console.error(`${at + 1} of ${inputs.length}`)
}
await stage.close()

console.log(
  `buttons: ${costs
    .filter(({ name }) => name.startsWith('press'))
    .map(({ name, ms }) => `${name} ${ms.toFixed(1)} ms`)
    .join(', ')}`,
)
const sorted = costs.toSorted((a, b) => b.ms - a.ms)
const at = (share: number) => sorted[Math.floor((1 - share) * (sorted.length - 1))]?.ms.toFixed(1)
console.log(`${costs.length} inputs: median ${at(0.5)} ms, 99th percentile ${at(0.99)} ms, most ${at(1)} ms of the loop at a stretch`)
for (const { name, ms } of sorted.slice(0, 10)) console.log(`${ms.toFixed(1)} ms  ${name}`)
const over = sorted.filter(({ ms }) => !(ms < allowedMs))
console.log(over.length === 0 ? `None holds it for ${allowedMs} ms.` : `${over.length} hold it for ${allowedMs} ms or longer.`)
process.exit(over.length === 0 ? 0 : 1)
