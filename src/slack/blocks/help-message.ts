import { context, type Message, message, section } from './message.ts'
import { escapeCode, escapeText } from './text.ts'

/** How to ask, with experiments that this workspace really has. */
export function helpMessage(input: { examples: string[]; why?: string; mention: string }): Message {
  const id = input.examples[0]
  const why = input.why === undefined ? '' : `${escapeText(input.why, 1000)}\n`
  const ask = id === undefined ? 'diagnose <experiment id>' : `diagnose ${id}`
  const lines = [
    `${why}Ask me like this: \`${escapeCode(`${input.mention} ${ask}`, 300)}\``,
    '• several ids at once, a link to an XProf page, or an experiment file as an attachment work too',
    '• a job in one line, without a file: _plan llama3-70b on v6e-256, seq 8192, batch 512_, or _size serve llama3.3-70b fp8, 4k in 1k out, 200 users, tpot 40 ms_',
    '• `/prompts diagnose|plan|size|cases|help`, or the message shortcut _Diagnose this experiment_',
    '• in a thread of mine just write: _why not model=8?_, _what if batch doubles?_, _compare 1 and 2_, _show the evidence_, _it ran at 22.9 s_, _cancel_',
  ]
  const known = input.examples.slice(0, 8).map((example) => `\`${escapeCode(example, 130)}\``)
  const blocks = [section(lines.join('\n'))]
  const all =
    known.length === 0
      ? 'No experiments are found yet; an admin sets where they are with PROMPTS_EXPERIMENTS.'
      : `Experiments here: ${known.join(' ')}`
  return message(`${input.why ?? 'How to ask me.'} For example: ${input.mention} ${ask}`, [...blocks, context(all)])
}
