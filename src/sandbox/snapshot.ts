import type { PrivateState, Whisper } from './private-state.ts'
import { botUser, type SandboxWorkspace } from './workspace.ts'

/** A message as the page draws it. */
export interface ShownMessage {
  ts: string
  user: string
  text: string
  blocks: unknown[]
  threadTs: string | null
  reactions: { name: string; users: string[] }[]
  isEdited: boolean
  isEphemeral: boolean
  files: { id: string; name: string }[]
}

/** All that the page shows to one person. */
export interface Snapshot {
  me: string
  bot: { id: string; name: string }
  people: { id: string; name: string }[]
  channels: { id: string; name: string; isDirect: boolean; messages: ShownMessage[] }[]
  modal: { id: string; view: unknown } | null
  home: unknown
  examples: string[]
}

const mostMessages = 400

/** Reads the emulated workspace through its Web API, and adds what this person alone sees. */
export async function takeSnapshot(input: {
  workspace: SandboxWorkspace
  own: PrivateState
  user: string
  examples: string[]
}): Promise<Snapshot> {
  const { workspace, own, user } = input
  const channels = await Promise.all(
    conversationsOf(workspace, user).map(async ({ id, name, isDirect }) => {
      const whispers = own.whispersOf(user).filter((whisper) => whisper.channel === id)
      return { id, name, isDirect, messages: [...(await messagesOf(workspace, id)), ...whispers.map(shownWhisper)] }
    }),
  )
  const modal = own.modalOf(user)
  return {
    me: user,
    bot: { id: botUser, name: 'PROMPTS' },
    people: workspace.people.map(({ id, name }) => ({ id, name })),
    channels,
    modal: modal === null ? null : { id: modal.id, view: modal.view },
    home: own.homeOf(user)?.view ?? null,
    examples: input.examples,
  }
}

/** The channels, and this person's own conversation with the bot. */
function conversationsOf({ channels, direct }: SandboxWorkspace, user: string) {
  const own = direct.filter((one) => one.user === user).map(({ id }) => ({ id, name: 'PROMPTS', isDirect: true }))
  return [...channels.map(({ id, name }) => ({ id, name, isDirect: false })), ...own]
}

async function messagesOf({ bot }: SandboxWorkspace, channel: string): Promise<ShownMessage[]> {
  const history = await bot.conversations.history({ channel, limit: mostMessages })
  const roots = (history.messages ?? []).reverse()
  const threads = await Promise.all(
    roots.map(async (root) => {
      if ((root.reply_count ?? 0) === 0) return [root]
      const replies = await bot.conversations.replies({ channel, ts: String(root.ts), limit: mostMessages })
      return replies.messages ?? [root]
    }),
  )
  return threads.flat().map((message) => ({
    ts: String(message.ts),
    user: String(message.user),
    text: message.text ?? '',
    blocks: message.blocks ?? [],
    threadTs: message.thread_ts ?? null,
    reactions: (message.reactions ?? []).map(({ name, users }) => ({ name: String(name), users: users ?? [] })),
    isEdited: 'edited' in message,
    isEphemeral: false,
    files: (message.files ?? []).map(({ id, name }) => ({ id: String(id), name: name ?? 'file' })),
  }))
}

function shownWhisper({ ts, threadTs, text, blocks }: Whisper): ShownMessage {
  return { ts, user: botUser, text, blocks, threadTs, reactions: [], isEdited: false, isEphemeral: true, files: [] }
}
