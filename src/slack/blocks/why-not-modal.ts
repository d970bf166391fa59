import type { View } from '@slack/types'

/** Asks which mesh the person has in mind; the answer comes in the thread. */
export function whyNotModal(context: { run: string; channel: string; threadTs: string }): View {
  return {
    type: 'modal',
    callback_id: 'why_not',
    private_metadata: JSON.stringify(context),
    title: { type: 'plain_text', text: 'Why not …?' },
    submit: { type: 'plain_text', text: 'Ask' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      {
        type: 'input',
        block_id: 'mesh',
        label: { type: 'plain_text', text: 'Another mesh, or a part of one' },
        hint: { type: 'plain_text', text: 'The answer is computed and posted in the thread.' },
        element: {
          type: 'plain_text_input',
          action_id: 'text',
          max_length: 300,
          placeholder: { type: 'plain_text', text: 'model=8, or data=16 model=4 seq=2' },
        },
      },
    ],
  }
}
