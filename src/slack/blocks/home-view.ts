import type { AnyBlock } from '@slack/types'
import { formatChange, formatMs } from '../../text/units.ts'
import { context, section } from './message.ts'
import { escapeCode, escapeText } from './text.ts'

export interface HomeRun {
  run: string
  title: string
  at: string
  by: string | null
  state: 'waiting' | 'done' | 'failed' | 'cancelled'
  bottleneck: string | null
  link: string | null
}

export interface HomeAdoption {
  title: string
  mesh: string
  by: string
  link: string | null
  beforeMs: number | null
  predictedMs: number | null
  measuredMs: number | null
}

export interface HomeInput {
  runs: HomeRun[]
  adoptions: HomeAdoption[]
  settings: { name: string; value: string }[]
  examples: string[]
}

/** App Home of someone whom the bot does not answer. */
export function closedHomeView(why: string, hint: string): { type: 'home'; blocks: AnyBlock[] } {
  return { type: 'home', blocks: [section(`${escapeText(why, 500)}.`), context(escapeText(hint, 500))] }
}

/** App Home: how to ask, recent runs, adopted cards with their predicted and measured gains, and this workspace's settings. */
export function homeView(input: HomeInput): { type: 'home'; blocks: AnyBlock[] } {
  const blocks: AnyBlock[] = [
    header('Recent runs'),
    ...(input.runs.length === 0
      ? [section('None yet that you may see.')]
      : input.runs.slice(0, 20).flatMap((run) => [section(runLine(run)), context(runFacts(run))])),
    { type: 'divider' },
    header('Adopted cards'),
    ...(input.adoptions.length === 0
      ? [section('None yet. React :white_check_mark: on a card to adopt it.')]
      : input.adoptions.slice(0, 20).map((entry) => section(adoptionLine(entry)))),
    { type: 'divider' },
    header('How to ask'),
    section(howToAsk(input.examples)),
    { type: 'divider' },
    header('Settings of this workspace'),
    section(
      input.settings
        .slice(0, 20)
        .map((entry) => `• ${escapeText(entry.name, 80)}: ${escapeText(entry.value, 200)}`)
        .join('\n') || 'Defaults.',
    ),
    context('Set by whoever runs this bot; docs/admin.md says how.'),
  ]
  return { type: 'home', blocks }
}

const signs = { waiting: ':eyes:', done: ':white_check_mark:', failed: ':x:', cancelled: ':no_entry_sign:' } as const

function runLine(run: HomeRun): string {
  const title = escapeText(run.title, 150)
  const name = run.link === null ? `*${title}*` : `*<${run.link}|${title}>*`
  const found = { waiting: 'under way', failed: 'failed', cancelled: 'cancelled', done: run.bottleneck ?? 'done' }[run.state]
  return `${signs[run.state]} ${name}: ${escapeText(found, 80)}`
}

function runFacts(run: HomeRun): string {
  const parts = [localTime(run.at), run.by === null || run.by === '' ? null : `<@${run.by}>`, `\`${escapeCode(run.run, 130)}\``]
  return parts.filter((part) => part !== null).join(' · ')
}

/** A time as each reader's own clock has it. */
function localTime(iso: string): string {
  const seconds = Math.floor(Date.parse(iso) / 1000)
  const written = escapeText(`${iso.slice(0, 16).replace('T', ' ')} UTC`, 40)
  return Number.isFinite(seconds) ? `<!date^${seconds}^{date_short_pretty} {time}|${written}>` : written
}

function howToAsk(examples: readonly string[]): string {
  const id = examples[0] ?? '<experiment id>'
  const code = (text: string) => `\`${escapeCode(text, 200)}\``
  return [
    `• ${code(`@prompts diagnose ${id}`)} in a channel where I am, or ${code(`diagnose ${id}`)} in a message to me`,
    `• ${code(`/prompts plan ${id}`)} ranks every mesh without a profile; ${code('/prompts cases')} looks into the library`,
    '• in a thread of mine: _why not model=8?_, _what if batch doubles?_, _it ran at 22.9 s_, _cancel_',
  ].join('\n')
}

function adoptionLine(entry: HomeAdoption): string {
  const title = escapeText(entry.title, 150)
  const name = entry.link === null ? title : `<${entry.link}|${title}>`
  const gain = (after: number | null) =>
    after === null
      ? '–'
      : `${formatMs(after)}${entry.beforeMs === null || entry.beforeMs === 0 ? '' : ` (${formatChange(after / entry.beforeMs)})`}`
  return `*${escapeText(entry.mesh, 200)}* for ${name}, by <@${entry.by}>: predicted ${gain(entry.predictedMs)}, measured ${gain(entry.measuredMs)}`
}

function header(text: string): AnyBlock {
  return { type: 'header', text: { type: 'plain_text', text, emoji: true } } as AnyBlock
}
