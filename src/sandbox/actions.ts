import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { PromptsError } from '../errors.ts'
import type { Deliveries } from './deliveries.ts'
import type { PrivateState } from './private-state.ts'
import type { Relay } from './relay.ts'
import { filesOf, type SharedFile, share } from './share-files.ts'
import { botUser, type Person, type SandboxWorkspace, teamId } from './workspace.ts'

const ts = z.string().regex(/^\d{1,12}\.\d{1,8}$/)
const base = { user: z.string().max(30), channel: z.string().max(30) }

/** What the page may ask for, each as the person that it acts for. */
export const actionSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('say'),
    ...base,
    text: z.string().max(20_000),
    threadTs: ts.nullable(),
    files: z
      .array(z.strictObject({ name: z.string().min(1).max(200), content: z.string().min(1).max(400_000) }))
      .max(5)
      .default([]),
  }),
  z.strictObject({ do: z.literal('react'), ...base, ts, name: z.string().regex(/^[a-z0-9_+'-]{1,80}$/), added: z.boolean() }),
  z.strictObject({
    do: z.literal('click'),
    ...base,
    ts,
    threadTs: ts.nullable(),
    isEphemeral: z.boolean(),
    actionId: z.string().max(255),
    blockId: z.string().max(255),
    type: z.string().max(50),
    value: z.string().max(2000),
  }),
  z.strictObject({ do: z.literal('shortcut'), ...base, ts }),
  z.strictObject({
    do: z.literal('submit'),
    user: base.user,
    viewId: z.string().max(60),
    values: z.record(z.string(), z.record(z.string(), z.string().max(3000))),
  }),
  z.strictObject({ do: z.literal('close'), user: base.user }),
  z.strictObject({ do: z.literal('dismiss'), user: base.user, ts }),
  z.strictObject({ do: z.literal('home'), user: base.user }),
])
export type Action = z.infer<typeof actionSchema>

export interface ActionDeps {
  workspace: SandboxWorkspace
  relay: Relay
  deliveries: Deliveries
  own: PrivateState
  /** Whose click a trigger id came from. */
  triggers: Map<string, string>
}

/** Does as a person did on the page: in the emulated Slack, and by telling the bot as Slack would. */
export async function perform(deps: ActionDeps, action: Action): Promise<void> {
  const person = deps.workspace.people.find((one) => one.id === action.user)
  if (person === undefined) throw new PromptsError('bad_arguments', 'There is no such person in the sandbox')
  switch (action.do) {
    case 'say':
      return say(deps, person, action)
    case 'react':
      return react(deps, person, action)
    case 'click':
      return click(deps, person, action)
    case 'shortcut':
      return shortcut(deps, person, action)
    case 'submit':
      return submit(deps, person, action)
    case 'close':
      return deps.own.closeModal(person.id)
    case 'dismiss':
      return deps.own.dismiss(person.id, action.ts)
    case 'home':
      return deps.deliveries.event({ type: 'app_home_opened', user: person.id, tab: 'home', event_ts: now() })
  }
}

async function say(deps: ActionDeps, person: Person, action: Extract<Action, { do: 'say' }>): Promise<void> {
  const command = /^\/prompts(?:\s+([\s\S]*))?$/.exec(action.text.trim())
  if (command !== null && action.threadTs === null) {
    return deps.deliveries.command({
      command: '/prompts',
      text: command[1] ?? '',
      channel_id: action.channel,
      user_id: person.id,
      trigger_id: await trigger(deps, person),
      response_url: deps.relay.responseUrl(action.channel, person.id),
    })
  }
  const text = toMarkup(action.text, deps.workspace.people)
  if (text === '' && action.files.length === 0) throw new PromptsError('bad_arguments', 'There is nothing to send')
  const thread = action.threadTs === null ? {} : { thread_ts: action.threadTs }
  const where = { channel: action.channel, text, ...thread }
  const { ts, files } = action.files.length === 0 ? await post(person, where) : await share(deps, person, where, action.files)
  const event = { user: person.id, text, channel: action.channel, ts, event_ts: ts, ...thread, ...(files.length > 0 ? { files } : {}) }
  const isDirect = deps.workspace.direct.some((one) => one.id === action.channel)
  if (!isDirect && text.includes(`<@${botUser}>`)) await deps.deliveries.event({ type: 'app_mention', ...event })
  const kind = { channel_type: isDirect ? 'im' : 'channel', ...(files.length > 0 ? { subtype: 'file_share' } : {}) }
  await deps.deliveries.event({ type: 'message', ...kind, ...event })
}

interface Posting {
  channel: string
  text: string
  thread_ts?: string
}

async function post(person: Person, where: Posting): Promise<{ ts: string; files: SharedFile[] }> {
  return { ts: String((await person.client.chat.postMessage(where)).ts), files: [] }
}

/** What a person types as Slack stores it: escaped, names and addresses marked up. */
export function toMarkup(text: string, people: readonly Pick<Person, 'id' | 'name'>[]): string {
  const names = new Map([['prompts', botUser], ...people.map((person) => [person.name.toLowerCase(), person.id] as const)])
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/(?<![\w@])@(\w+)/g, (all, name: string) => {
      const id = names.get(name.toLowerCase())
      return id === undefined ? all : `<@${id}>`
    })
    .replaceAll(/(?<![\w"'(=`])https?:\/\/[^\s<>|`]+/g, (address) => `<${address}>`)
}

async function react(deps: ActionDeps, person: Person, action: Extract<Action, { do: 'react' }>): Promise<void> {
  const call = { channel: action.channel, timestamp: action.ts, name: action.name }
  if (action.added) await person.client.reactions.add(call)
  else await person.client.reactions.remove(call)
  await deps.deliveries.event({
    type: action.added ? 'reaction_added' : 'reaction_removed',
    user: person.id,
    reaction: action.name,
    item: { type: 'message', channel: action.channel, ts: action.ts },
    event_ts: now(),
  })
}

async function click(deps: ActionDeps, person: Person, action: Extract<Action, { do: 'click' }>): Promise<void> {
  const thread = action.threadTs === null ? {} : { thread_ts: action.threadTs }
  await deps.deliveries.interaction({
    type: 'block_actions',
    user: { id: person.id, name: person.name.toLowerCase(), team_id: teamId },
    channel: { id: action.channel },
    container: { type: 'message', message_ts: action.ts, channel_id: action.channel, is_ephemeral: action.isEphemeral, ...thread },
    ...(action.isEphemeral ? {} : { message: { type: 'message', user: botUser, ts: action.ts, ...thread } }),
    trigger_id: await trigger(deps, person),
    response_url: deps.relay.responseUrl(action.channel, person.id),
    actions: [{ type: action.type, action_id: action.actionId, block_id: action.blockId, value: action.value, action_ts: now() }],
  })
  if (action.isEphemeral) deps.own.dismiss(person.id, action.ts)
}

async function shortcut(deps: ActionDeps, person: Person, action: Extract<Action, { do: 'shortcut' }>): Promise<void> {
  const found = await deps.workspace.bot.conversations.replies({ channel: action.channel, ts: action.ts, limit: 1 })
  const message = found.messages?.find((one) => one.ts === action.ts)
  if (message === undefined) throw new PromptsError('bad_arguments', 'That message is gone')
  await deps.deliveries.interaction({
    type: 'message_action',
    callback_id: 'diagnose_message',
    user: { id: person.id, name: person.name.toLowerCase() },
    channel: { id: action.channel },
    message: {
      type: 'message',
      user: message.user,
      ts: message.ts,
      text: message.text ?? '',
      ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}),
      files: filesOf(deps, message),
    },
    trigger_id: await trigger(deps, person),
    response_url: deps.relay.responseUrl(action.channel, person.id),
  })
}

async function submit(deps: ActionDeps, person: Person, action: Extract<Action, { do: 'submit' }>): Promise<void> {
  const open = deps.own.modalOf(person.id)
  if (open === null || open.id !== action.viewId) throw new PromptsError('bad_arguments', 'That dialog is closed already')
  const values = Object.fromEntries(
    Object.entries(action.values).map(([block, inputs]) => [
      block,
      Object.fromEntries(Object.entries(inputs).map(([id, value]) => [id, { type: 'plain_text_input', value }])),
    ]),
  )
  await deps.deliveries.interaction({
    type: 'view_submission',
    user: { id: person.id, name: person.name.toLowerCase() },
    trigger_id: await trigger(deps, person),
    view: { ...open.view, id: open.id, hash: open.hash, state: { values } },
  })
  deps.own.closeModal(person.id)
}

/** A trigger id of the emulated Slack's own, which opens a modal for 3 seconds as Slack's do. */
async function trigger(deps: ActionDeps, person: Person): Promise<string> {
  const made = await deps.workspace.bot.apiCall('views.generateTriggerId', { user_id: person.id })
  const id = String((made as { trigger_id?: unknown }).trigger_id ?? randomUUID())
  deps.triggers.set(id, person.id)
  if (deps.triggers.size > 500) deps.triggers.delete(deps.triggers.keys().next().value ?? '')
  return id
}

function now(): string {
  return (Date.now() / 1000).toFixed(6)
}
