import { actions, button, type Message, message, section } from './message.ts'

export interface Feedback {
  run: string
  feedback: 'good' | 'bad'
  /** What was wrong. */
  about?: 'bottleneck' | 'figure' | 'settings' | undefined
}

const labels = { bottleneck: 'The bottleneck', figure: 'A figure', settings: 'Cards for another job' } as const
/** Where each complaint leads: what the person can do about it at once. */
const next = {
  bottleneck: 'Ask here _why is it slow?_ for what it rests on; a profile of more steps, in the run’s folder, is read the next time.',
  figure: 'Write what you measured, for example _card 1 ran at 22.9 s_: once you confirm it, predictions here follow it.',
  settings:
    'Write what differs, for example _what if remat=minimal?_ or _what if batch=512?_, or mention me with the corrected experiment file.',
} as const

/** Private, to who gave feedback: that it is kept, and what follows from it. */
export function feedbackMessage({ run, feedback, about }: Feedback): Message {
  if (feedback === 'good') return plainly('Kept with the run. Thank you. When a card ran, tell me here: _card 1 ran at 22.9 s_.')
  if (about !== undefined) return plainly(`Kept with the run, for whoever runs me. ${next[about]}`)
  const text = 'Kept with the run. What was wrong?'
  const choices = Object.entries(labels).map(([name, label], at) => button(label, `feedback_why_${at}`, { run, feedback, about: name }))
  return message(text, [section(text), actions(...choices)])
}

function plainly(text: string): Message {
  return message(text, [section(text)])
}
