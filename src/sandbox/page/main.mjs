import { drawBlocks } from './blocks.mjs'
import { makeComposer } from './composer.mjs'
import { h, keepFocus } from './dom.mjs'
import { drawMessages } from './messages.mjs'
import { drawModal } from './modal.mjs'

const at = (id) => document.getElementById(id)
const state = {
  snapshot: null,
  emoji: {},
  me: null,
  channel: null,
  thread: null,
  home: false,
  said: new Map(),
  asked: new Set(),
  commandAt: null,
}

let asked = 0
let shown = 0
/** Shows how things are for whoever acts; an answer that comes late, or was asked as somebody else, is dropped. */
async function look() {
  const turn = ++asked
  const { me } = state
  const query = me === null ? '' : `?as=${encodeURIComponent(me)}`
  const answer = await fetch(`/api/state${query}`)
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`)
  const snapshot = await answer.json()
  if (turn < shown || state.me !== me) return
  shown = turn
  state.snapshot = snapshot
  state.me = state.snapshot.me
  state.channel ??= state.snapshot.channels[0].id
  draw()
}

let looking = null
let again = false
/** One look at a time; what changes meanwhile is seen by another. */
function refresh() {
  if (looking !== null) {
    again = true
    return
  }
  looking = look()
    .then(() => alertAbout(null))
    .catch((error) => alertAbout(`The sandbox is not reached: ${error.message}`))
    .finally(() => {
      looking = null
      if (again) {
        again = false
        refresh()
      }
    })
}

/** Does something as the person that is acting; false where it failed, with the reason shown. */
async function send(action) {
  try {
    const answer = await fetch('/api/act', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-prompts-sandbox': 'page' },
      body: JSON.stringify({ user: state.me, ...action }),
    })
    if (!answer.ok) throw new Error((await answer.json()).error?.message ?? `status ${answer.status}`)
    alertAbout(null)
    refresh()
    return true
  } catch (error) {
    alertAbout(`That did not work: ${error.message}`)
    return false
  }
}

function alertAbout(text) {
  at('alert').hidden = text === null
  at('alert').textContent = text ?? ''
}

function draw() {
  const { snapshot, emoji } = state
  const names = new Map([
    [snapshot.bot.id, snapshot.bot.name],
    ...snapshot.people.map((person) => [person.id, person.name]),
    ...snapshot.channels.map((channel) => [channel.id, channel.name]),
  ])
  drawSide(snapshot)
  const channel = snapshot.channels.find((one) => one.id === state.channel) ?? snapshot.channels[0]
  at('channel-title').textContent = titleOf(channel)
  at('channel-about').textContent = channel.isDirect ? 'Only you and the bot: no mention needed' : 'Mention @prompts with an experiment'
  const replies = new Map()
  for (const message of channel.messages) {
    if (message.threadTs === null || message.threadTs === message.ts) continue
    replies.set(
      message.threadTs,
      [...(replies.get(message.threadTs) ?? []), message].sort((a, b) => Number(a.ts) - Number(b.ts)),
    )
  }
  openWhatWasAsked(channel.messages, replies)
  const context = {
    ...{ names, emoji, me: state.me, bot: snapshot.bot, people: snapshot.people, replies },
    send: (action) => send({ channel: channel.id, ...action }),
    openThread: (ts) => openThread(ts, true),
    openAt(where, ts) {
      state.channel = where
      openThread(ts, true)
    },
    act: (message, element, blockId) =>
      send({
        ...{ do: 'click', channel: channel.id, ts: message.ts, threadTs: message.threadTs, isEphemeral: message.isEphemeral },
        ...{ actionId: element.action_id ?? '', blockId, type: element.type, value: element.value ?? '' },
      }),
  }
  const roots = channel.messages.filter((message) => message.threadTs === null || message.threadTs === message.ts)
  drawMessages(
    at('messages'),
    roots.sort((a, b) => Number(a.ts) - Number(b.ts)),
    { ...context, inThread: false },
  )
  const root = channel.messages.find((message) => message.ts === state.thread)
  at('thread').hidden = root === undefined || state.home
  if (root !== undefined) drawMessages(at('replies'), [root, ...(replies.get(root.ts) ?? [])], { ...context, inThread: true })
  drawHome(snapshot, context)
  drawModal(at('modal'), snapshot.modal, { ...context, send: (action) => send(action).then((done) => (done ? focusThreadBox() : null)) })
  tell(channel.messages, snapshot.bot.id)
}

function focusThreadBox() {
  if (!at('thread').hidden) at('reply').focus()
}

function titleOf({ name, isDirect }) {
  return isDirect ? `◆ ${name}` : `# ${name}`
}

function drawSide(snapshot) {
  const entry = (conversation) =>
    h(
      'li',
      {},
      h(
        'button',
        {
          type: 'button',
          class: 'nav-item',
          'data-key': conversation.id,
          'aria-current': conversation.id === state.channel ? 'page' : null,
          onclick: () => openChannel(conversation.id),
        },
        titleOf(conversation),
      ),
    )
  for (const [id, isDirect] of [
    ['channels', false],
    ['direct', true],
  ]) {
    keepFocus(at(id), () => at(id).replaceChildren(...snapshot.channels.filter((one) => one.isDirect === isDirect).map(entry)))
  }
  if (at('acting').children.length === 0) {
    at('acting').append(...snapshot.people.map(({ id, name }) => h('option', { value: id }, name)))
    const examples = snapshot.examples.slice(0, 3)
    at('examples').append(
      ...(examples.length > 0 ? [h('span', {}, 'Try')] : []),
      ...examples.map((id) =>
        h('button', { type: 'button', class: 'chip', onclick: () => fill(`@prompts diagnose ${id}`) }, `@prompts diagnose ${id}`),
      ),
    )
  }
  at('acting').value = state.me
}

function fill(text) {
  at('composer').value = text
  at('composer').focus()
}

function openChannel(id) {
  state.channel = id
  state.thread = null
  state.home = false
  draw()
}

function openThread(ts, focus) {
  state.thread = ts
  state.home = false
  draw()
  at('replies').scrollTop = at('replies').scrollHeight
  if (focus) at('reply').focus()
}

/**
 * The thread of what was asked here opens with the bot's first answer; focus stays where it is. A command's thread is under the
 * bot's own words.
 */
function openWhatWasAsked(messages, replies) {
  for (const message of messages) {
    const isCommand = state.commandAt !== null && Number(message.ts) >= state.commandAt && message.text.startsWith(`<@${state.me}> asked`)
    if (isCommand) state.asked.add(message.ts)
    if (isCommand) state.commandAt = null
  }
  for (const ts of state.asked) {
    if (!replies.has(ts)) continue
    state.asked.delete(ts)
    state.thread = ts
    state.home = false
  }
}

function drawHome(snapshot, context) {
  at('home').hidden = !state.home
  if (!state.home) return
  const shown = JSON.stringify(snapshot.home)
  if (at('home-body').dataset.state === shown) return
  at('home-body').dataset.state = shown
  const blocks = snapshot.home?.blocks ?? []
  at('home-body').replaceChildren(
    ...(blocks.length > 0 ? drawBlocks(blocks, { ...context, act: () => {} }) : [h('p', {}, 'Asking the bot …')]),
  )
}

/** Says to screen readers what the bot wrote or changed, in its own plain words. */
function tell(messages, bot) {
  const first = state.said.size === 0
  const fresh = []
  for (const message of messages) {
    if (message.user !== bot) continue
    if (state.said.get(message.ts) !== message.text) fresh.push(message.text)
    state.said.set(message.ts, message.text)
  }
  if (!first && fresh.length > 0)
    at('status').textContent = `PROMPTS: ${fresh
      .at(-1)
      .replaceAll(/:[a-z_]+:/g, '')
      .slice(0, 300)}`
}

makeComposer(at('composer-form'), {
  ...{ id: 'composer', label: 'Message the channel', placeholder: 'Message, or /prompts help' },
  async onSend(text, files) {
    const known = new Set(state.snapshot.channels.flatMap((channel) => channel.messages.map((message) => message.ts)))
    if (text.startsWith('/prompts')) state.commandAt = Math.floor(Date.now() / 1000)
    const done = await send({ do: 'say', channel: state.channel, text, threadTs: null, files })
    if (done) {
      await look()
      const mine = state.snapshot.channels
        .flatMap((channel) => channel.messages)
        .filter((message) => message.user === state.me && !known.has(message.ts))
      for (const message of mine) state.asked.add(message.ts)
      draw()
    }
    return done
  },
})
makeComposer(at('reply-form'), {
  ...{ id: 'reply', label: 'Reply in the thread', placeholder: 'Reply: why not model=8?' },
  onSend: (text, files) => send({ do: 'say', channel: state.channel, text, threadTs: state.thread, files }),
})
at('acting').addEventListener('change', (event) => {
  // a conversation of one's own is nobody else's
  if (state.snapshot.channels.find((one) => one.id === state.channel)?.isDirect) {
    state.channel = null
    state.thread = null
  }
  state.me = event.target.value
  state.said.clear()
  refresh()
})
at('close-thread').addEventListener('click', () => {
  state.thread = null
  draw()
  at('composer').focus()
})
at('home-button').addEventListener('click', () => {
  state.home = true
  draw()
  at('close-home').focus()
  send({ do: 'home' })
})
at('close-home').addEventListener('click', () => {
  state.home = false
  draw()
  at('home-button').focus()
})

state.emoji = await (await fetch('/emoji.json')).json()
await look()
at('composer').focus()
const changes = new EventSource('/api/changes')
changes.onmessage = refresh
changes.onopen = refresh
changes.onerror = () => alertAbout('The sandbox has stopped; the page goes on when it is back.')
