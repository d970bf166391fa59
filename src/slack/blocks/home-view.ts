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

/** App Home: how to ask, recent runs, adopted cards with their predicted and measured gains, and this workspace's settings. */
export function homeView(input: HomeInput): { type: 'home'; blocks: AnyBlock[] } {
  const example = input.examples[0] ?? '<experiment id>'
  const blocks: AnyBlock[] = [
    header('Recent runs'),
    ...(input.runs.length === 0
      ? [section(`None yet. In a channel: \`${escapeCode(`@prompts diagnose ${example}`, 200)}\``)]
      : input.runs.slice(0, 20).map((run) => section(runLine(run)))),
    { type: 'divider' },
    header('Adopted cards'),
    ...(input.adoptions.length === 0
      ? [section('None yet. React :white_check_mark: on a card to adopt it.')]
      : input.adoptions.slice(0, 20).map((entry) => section(adoptionLine(entry)))),
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
  const found = run.bottleneck === null ? '' : ` ${escapeText(run.bottleneck, 80)}`
  return `${signs[run.state]} ${name}${found}${run.by === null ? '' : ` · <@${run.by}>`} · ${escapeText(run.at.slice(0, 16).replace('T', ' '), 30)} · \`${escapeCode(run.run, 130)}\``
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
