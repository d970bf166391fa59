import { h } from './dom.mjs'

/**
 * The message box: Enter sends, Shift+Enter breaks the line. Files are attached by their button or dropped on it.
 * @param {HTMLFormElement} form
 * @param {{ id: string, label: string, placeholder: string, onSend: (text: string, files: { name: string, content: string }[]) =>
 * Promise<boolean> }} options
 * @returns {HTMLTextAreaElement}
 */
export function makeComposer(form, { id, label, placeholder, onSend }) {
  const box = h('textarea', { id, rows: '1', 'aria-label': label, placeholder, maxlength: '20000', spellcheck: 'false' })
  const chips = h('ul', { class: 'attached', 'aria-label': 'Attached files' })
  const picker = h('input', {
    type: 'file',
    id: `${id}-file`,
    class: 'sr-only',
    multiple: true,
    tabindex: '-1',
    'aria-label': `Attach: ${label}`,
  })
  const attach = h(
    'button',
    {
      type: 'button',
      class: 'button attach',
      'aria-label': `Attach a file: ${label}`,
      title: 'Attach an experiment file',
      onclick: () => picker.click(),
    },
    '📎',
  )
  let files = []
  const resize = () => {
    box.rows = Math.min(12, box.value.split('\n').length)
  }
  const drawChips = () => {
    chips.hidden = files.length === 0
    chips.replaceChildren(
      ...files.map((file, at) =>
        h(
          'li',
          {},
          `📄 ${file.name}`,
          h(
            'button',
            {
              type: 'button',
              class: 'icon',
              'aria-label': `Take ${file.name} off`,
              onclick: () => {
                files = files.filter((_, other) => other !== at)
                drawChips()
                box.focus()
              },
            },
            '✕',
          ),
        ),
      ),
    )
  }
  const add = async (picked) => {
    for (const file of [...picked].slice(0, 5)) files = [...files, { name: file.name, content: await file.text() }].slice(-5)
    drawChips()
    box.focus()
  }
  const send = async () => {
    const text = box.value.trim()
    const sent = files
    if (text === '' && sent.length === 0) return
    box.value = ''
    files = []
    resize()
    drawChips()
    if ((await onSend(text, sent)) || box.value !== '' || files.length > 0) return
    box.value = text
    files = sent
    drawChips()
  }
  box.addEventListener('input', resize)
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
    event.preventDefault()
    send()
  })
  picker.addEventListener('change', async () => {
    await add(picker.files)
    picker.value = ''
  })
  form.addEventListener('dragover', (event) => event.preventDefault())
  form.addEventListener('drop', (event) => {
    event.preventDefault()
    add(event.dataTransfer.files)
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send()
  })
  drawChips()
  form.append(chips, box, picker, attach, h('button', { type: 'submit', class: 'button primary', 'aria-label': `Send: ${label}` }, 'Send'))
  return box
}
