import { h } from './dom.mjs'

const quick = ['one', 'two', 'three', 'white_check_mark', '+1', 'eyes', 'tada', 'thinking', 'x']

/**
 * A small dialog beside a button: the reactions that mean something to the bot, and any other by its name.
 * @param {HTMLElement} anchor
 * @param {Record<string, string>} emoji
 * @param {(name: string) => void} choose
 */
export function pickEmoji(anchor, emoji, choose) {
  document.querySelector('.picker')?.remove()
  const close = () => {
    picker.remove()
    anchor.setAttribute('aria-expanded', 'false')
    if (anchor.isConnected) anchor.focus()
  }
  const pick = (name) => {
    close()
    choose(name)
  }
  const input = h('input', {
    type: 'text',
    'aria-label': 'Another emoji by its name',
    placeholder: 'name, such as rocket',
    maxlength: '60',
    list: 'emoji-names',
  })
  const buttons = quick.map((name) =>
    h(
      'button',
      { type: 'button', class: 'emoji', 'aria-label': name.replaceAll('_', ' '), 'data-emoji': name, onclick: () => pick(name) },
      emoji[name] ?? name,
    ),
  )
  const picker = h(
    'div',
    { class: 'picker', role: 'dialog', 'aria-label': 'Add a reaction' },
    h('div', { class: 'picker-row' }, ...buttons),
    h('div', { class: 'picker-row' }, input),
  )
  picker.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      close()
    }
    if (event.key === 'Enter' && event.target === input) {
      event.preventDefault()
      const name = input.value.trim().replaceAll(':', '').toLowerCase()
      if (Object.hasOwn(emoji, name)) pick(name)
      else input.setAttribute('aria-invalid', 'true')
    }
    const at = buttons.indexOf(document.activeElement)
    if (at >= 0 && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) {
      event.preventDefault()
      buttons.at((at + (event.key === 'ArrowRight' ? 1 : -1)) % buttons.length)?.focus()
    }
  })
  picker.addEventListener('focusout', (event) => {
    if (event.relatedTarget instanceof Node && !picker.contains(event.relatedTarget)) picker.remove()
  })
  anchor.setAttribute('aria-expanded', 'true')
  anchor.after(picker)
  buttons[0].focus()
}
