import { h } from './dom.mjs'

/**
 * The message box: Enter sends, Shift+Enter breaks the line.
 * @param {HTMLFormElement} form
 * @param {{ id: string, label: string, placeholder: string, onSend: (text: string) => Promise<boolean> }} options
 * @returns {HTMLTextAreaElement}
 */
export function makeComposer(form, { id, label, placeholder, onSend }) {
  const box = h('textarea', { id, rows: '1', 'aria-label': label, placeholder, maxlength: '20000', spellcheck: 'false' })
  const resize = () => {
    box.rows = Math.min(12, box.value.split('\n').length)
  }
  const send = async () => {
    const text = box.value.trim()
    if (text === '') return
    box.value = ''
    resize()
    if (!(await onSend(text)) && box.value === '') box.value = text
  }
  box.addEventListener('input', resize)
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    send()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send()
  })
  form.append(box, h('button', { type: 'submit', class: 'button primary', 'aria-label': `Send: ${label}` }, 'Send'))
  return box
}
