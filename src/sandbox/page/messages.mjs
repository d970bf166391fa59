import { drawBlocks } from './blocks.mjs'
import { h, keepFocus, timeOf } from './dom.mjs'
import { pickEmoji } from './emoji-picker.mjs'
import { mrkdwn } from './mrkdwn.mjs'

/**
 * Draws messages into a list, touching only those that changed, so that focus, folds and scroll stay.
 * @param {HTMLElement} list
 * @param {any[]} messages
 * @param {any} context names, emoji, me, bot, act(message, element, blockId), send(action), openThread(ts), replies: Map<ts,
 * messages>, inThread
 */
export function drawMessages(list, messages, context) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80
  const before = new Map([...list.children].map((item) => [item.dataset.ts, item]))
  let previous = null
  let isNew = false
  for (const message of messages) {
    const replies = context.inThread ? [] : (context.replies.get(message.ts) ?? [])
    const state = JSON.stringify([message, replies.length, replies.at(-1)?.ts, context.me, context.inThread])
    let item = before.get(message.ts)
    before.delete(message.ts)
    if (item === undefined) {
      item = h('li', { 'data-ts': message.ts })
      isNew = true
    }
    if (item.dataset.state !== state) {
      const target = item
      keepFocus(target, () => target.replaceChildren(drawMessage(message, replies, context)))
      item.dataset.state = state
    }
    const wanted = previous === null ? list.firstElementChild : previous.nextElementSibling
    if (wanted !== item) list.insertBefore(item, wanted)
    previous = item
  }
  for (const item of before.values()) item.remove()
  if (atEnd && isNew) list.scrollTop = list.scrollHeight
}

function drawMessage(message, replies, context) {
  const isBot = message.user === context.bot.id
  const name = context.names.get(message.user) ?? message.user
  const body =
    message.blocks.length > 0
      ? drawBlocks(message.blocks, { ...context, act: (element, blockId) => context.act(message, element, blockId) })
      : [h('div', { class: 'text' }, ...mrkdwn(message.text, context))]
  return h(
    'article',
    { class: `message${message.isEphemeral ? ' ephemeral' : ''}`, 'aria-label': `${name}, ${timeOf(message.ts)}` },
    h(
      'div',
      {
        class: `avatar hue-${isBot ? 'bot' : [...context.people].findIndex((person) => person.id === message.user)}`,
        'aria-hidden': 'true',
      },
      isBot ? '◆' : name.slice(0, 1),
    ),
    h(
      'div',
      { class: 'body' },
      message.isEphemeral ? h('p', { class: 'only-you' }, 'Only visible to you') : null,
      h(
        'p',
        { class: 'who' },
        h('strong', {}, name),
        isBot ? h('span', { class: 'badge' }, 'APP') : null,
        h('time', {}, timeOf(message.ts)),
        message.isEdited ? h('span', { class: 'edited' }, '(edited)') : null,
      ),
      h('div', { class: 'blocks' }, ...body),
      files(message, isBot),
      reactions(message, context),
      repliesLink(message, replies, context),
    ),
    message.isEphemeral ? dismiss(message, context) : toolbar(message, context),
  )
}

/** What the bot uploaded can be opened; what people did is theirs already. */
function fileLink({ id, name }) {
  return h('a', { href: `/files/${id}`, target: '_blank', rel: 'noopener' }, `📄 ${name}`)
}

function files(message, isBot) {
  if ((message.files ?? []).length === 0) return null
  return h(
    'ul',
    { class: 'files', 'aria-label': 'Files' },
    ...message.files.map((file) => h('li', {}, isBot ? fileLink(file) : `📄 ${file.name}`)),
  )
}

function reactions(message, context) {
  if (message.reactions.length === 0) return null
  return h(
    'div',
    { class: 'reactions', role: 'group', 'aria-label': 'Reactions' },
    ...message.reactions.map(({ name, users }) => {
      const mine = users.includes(context.me)
      const who = users.map((user) => context.names.get(user) ?? user).join(', ')
      return h(
        'button',
        {
          type: 'button',
          class: 'reaction',
          'data-key': `reaction-${name}`,
          'data-reaction': name,
          'aria-pressed': String(mine),
          'aria-label': `${name.replaceAll('_', ' ')}, ${who}`,
          title: who,
          onclick: () => context.send({ do: 'react', ts: message.ts, name, added: !mine }),
        },
        `${context.emoji[name] ?? `:${name}:`} ${users.length}`,
      )
    }),
  )
}

function repliesLink(message, replies, context) {
  if (replies.length === 0) return null
  const words = `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`
  return h('button', { type: 'button', class: 'link replies', 'data-key': 'replies', onclick: () => context.openThread(message.ts) }, words)
}

function dismiss(message, context) {
  return h(
    'div',
    { class: 'toolbar' },
    h(
      'button',
      { type: 'button', class: 'tool', 'data-key': 'dismiss', onclick: () => context.send({ do: 'dismiss', ts: message.ts }) },
      'Dismiss',
    ),
  )
}

function toolbar(message, context) {
  const react = h(
    'button',
    {
      type: 'button',
      class: 'tool',
      'data-key': 'react',
      'aria-label': 'Add a reaction',
      'aria-haspopup': 'dialog',
      'aria-expanded': 'false',
    },
    '☺︎+',
  )
  react.addEventListener('click', () => {
    pickEmoji(react, context.emoji, (name) => {
      const mine = message.reactions.some((one) => one.name === name && one.users.includes(context.me))
      context.send({ do: 'react', ts: message.ts, name, added: !mine })
    })
  })
  const thread = context.inThread
    ? null
    : h(
        'button',
        {
          type: 'button',
          class: 'tool',
          'data-key': 'thread',
          'aria-label': 'Reply in thread',
          onclick: () => context.openThread(message.ts),
        },
        '↳ Reply',
      )
  const diagnose =
    message.user === context.bot.id
      ? null
      : h(
          'button',
          { type: 'button', class: 'tool', 'data-key': 'shortcut', onclick: () => context.send({ do: 'shortcut', ts: message.ts }) },
          'Diagnose this experiment',
        )
  return h('div', { class: 'toolbar', role: 'group', 'aria-label': 'Message actions' }, react, thread, diagnose)
}
