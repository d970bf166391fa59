import { drawBlocks } from './blocks.mjs'
import { h } from './dom.mjs'

/**
 * Shows the modal that the bot opened, or hides it.
 * @param {HTMLDialogElement} dialog
 * @param {{ id: string, view: any } | null} modal
 * @param {any} context names, emoji, send
 */
export function drawModal(dialog, modal, context) {
  if (modal === null) {
    if (dialog.open) dialog.close()
    delete dialog.dataset.view
    return
  }
  if (dialog.dataset.view === modal.id) return
  dialog.dataset.view = modal.id
  const { view } = modal
  const inputs = []
  const body = (view.blocks ?? []).map((block) =>
    block.type === 'input' ? input(block, inputs) : drawBlocks([block], { ...context, act: () => {} })[0],
  )
  const form = h(
    'form',
    { method: 'dialog' },
    h('h2', { id: 'modal-title' }, view.title?.text ?? ''),
    ...body,
    h(
      'div',
      { class: 'actions end' },
      h('button', { type: 'button', class: 'button', onclick: () => context.send({ do: 'close' }) }, view.close?.text ?? 'Close'),
      view.submit === undefined ? null : h('button', { type: 'submit', class: 'button primary' }, view.submit.text),
    ),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const values = {}
    for (const { blockId, actionId, field } of inputs) values[blockId] = { ...values[blockId], [actionId]: field.value }
    context.send({ do: 'submit', viewId: modal.id, values })
  })
  dialog.oncancel = (event) => {
    event.preventDefault()
    context.send({ do: 'close' })
  }
  dialog.replaceChildren(form)
  if (!dialog.open) dialog.showModal()
  inputs[0]?.field.focus()
}

function input(block, inputs) {
  const { element } = block
  const id = `input-${block.block_id}-${element.action_id}`
  const field = h(element.multiline === true ? 'textarea' : 'input', {
    id,
    type: element.multiline === true ? null : 'text',
    maxlength: element.max_length ?? 3000,
    placeholder: element.placeholder?.text ?? null,
    required: block.optional !== true,
    'aria-describedby': block.hint === undefined ? null : `${id}-hint`,
  })
  inputs.push({ blockId: block.block_id, actionId: element.action_id, field })
  return h(
    'div',
    { class: 'field' },
    h('label', { for: id }, block.label?.text ?? ''),
    field,
    block.hint === undefined ? null : h('p', { class: 'context', id: `${id}-hint` }, block.hint.text),
  )
}
