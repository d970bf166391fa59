import type { ListedRun } from '../../experiment/find/run-finder.ts'
import { formatMs } from '../../text/units.ts'
import { context, type Message, message, section, table } from './message.ts'
import { clip, escapeText, plain } from './text.ts'

/** Runs that a channel may ask for, newest first; `silent`: how many sources did not answer. */
export function runsMessage(runs: readonly ListedRun[], words: string, silent: number): Message {
  const missing = silent === 0 ? [] : [context(`${silent} of the places where runs are kept did not answer.`)]
  if (runs.length === 0) {
    const text = words === '' ? 'There are no runs that this channel may ask for.' : `No run found for ${escapeText(words, 200)}.`
    return message(plain(text), [section(text), ...missing])
  }
  const head = `*${runs.length === 1 ? 'One run' : `${runs.length} runs`}*${words === '' ? '' : ` for ${escapeText(words, 200)}`}, newest first. Mention me with \`diagnose\` and a name.`
  const rows = runs.map((run) => [
    clip(run.id, 100),
    [run.chip, run.topology].filter((part) => part !== null).join(' ') || '–',
    clip(run.model ?? '–', 60),
    run.step_time_ms === null ? '–' : formatMs(run.step_time_ms),
    run.has_profile === null ? '–' : run.has_profile ? 'yes' : 'no',
  ])
  const columns = ['left', 'left', 'left', 'right', 'left'] as const
  return message(plain(head), [section(head), table([['Run', 'Slice', 'Model', 'Step', 'Profile'], ...rows], [...columns]), ...missing])
}
