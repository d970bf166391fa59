import type { AnyBlock, DataTableBlock } from '@slack/types'
import { limits } from './limits.ts'
import { type Message, preformatted, table } from './message.ts'
import type { DataVisualizationBlock } from './native-blocks.ts'
import { clip, escapeText } from './text.ts'

/** How far a message is from what was written, after Slack refused what was richer. */
export type FallbackLevel = 0 | 1 | 2 | 3 | 4

/** 1: without the newest blocks; 2: and without pictures; 3: plain blocks; 4: text alone, cut short. */
const levels: Readonly<Record<FallbackLevel, (message: Message) => Message>> = {
  0: (message) => message,
  1: withOlderBlocks,
  2: (message) => withoutPictures(withOlderBlocks(message)),
  3: withPlainBlocks,
  4: withoutBlocks,
}

/** The message as it is sent at a level. */
export function fallbackOf(message: Message, level: FallbackLevel): Message {
  return levels[level](message)
}

/** The next level that sends something else than this one did; null where there is none. */
export function nextFallback(message: Message, level: FallbackLevel): FallbackLevel | null {
  const refused = JSON.stringify(fallbackOf(message, level))
  const further = ([1, 2, 3, 4] as const).filter((one) => one > level)
  return further.find((one) => JSON.stringify(fallbackOf(message, one)) !== refused) ?? null
}

/** Whether blocks are in it that a workspace may not know yet. */
export function hasNewBlocks(message: Message): boolean {
  return message.blocks.some((block) => newBlocks.has(block.type))
}

const newBlocks: ReadonlySet<string> = new Set(['data_visualization', 'data_table'])

/**
 * The same message out of sections, contexts and buttons alone, for a workspace that answers `invalid_blocks` to the newer kinds
 * (plan, table, rich text, feedback buttons). Buttons stay, so what could be done still can.
 */
export function withPlainBlocks(message: Message): Message {
  return { text: message.text, blocks: message.blocks.flatMap(plainBlock) }
}

/** The message with tables in the place of charts and of tables that sort. */
export function withOlderBlocks(message: Message): Message {
  return { text: message.text, blocks: message.blocks.map(olderBlock) }
}

/** Slack refuses a whole message for one picture that it has not processed yet. */
function withoutPictures(message: Message): Message {
  return { text: message.text, blocks: message.blocks.filter((block) => block.type !== 'image') }
}

/** Slack's own advice for the text of a message. */
const shortText = 3000

function withoutBlocks(message: Message): Message {
  return { text: clip(message.text, shortText), blocks: [] }
}

function olderBlock(block: AnyBlock): AnyBlock {
  if (block.type === 'data_table') {
    const { rows } = block as DataTableBlock
    const sides = (rows[1] ?? []).map((cell) => (cell.type === 'raw_number' ? 'right' : 'left'))
    return table(
      rows.map((row) => row.map((cell) => ('text' in cell ? cell.text : ''))),
      sides,
    )
  }
  if ((block.type as string) !== 'data_visualization') return block
  const { title, chart } = block as unknown as DataVisualizationBlock
  const rows = [
    [title, ...chart.axis_config.categories],
    ...chart.series.map(({ name, data }) => [name, ...data.map(({ value }) => String(value))]),
  ]
  return preformatted(`${inColumns(rows)}\n(${chart.axis_config.y_label ?? ''})`)
}

function plainBlock(native: AnyBlock): AnyBlock[] {
  const block = olderBlock(native)
  switch (block.type) {
    case 'section':
    case 'context':
    case 'actions':
    case 'divider':
    case 'header':
      return [block]
    case 'plan': {
      if (!('tasks' in block)) return []
      const tasks = (block.tasks ?? []) as { title: string; status: string }[]
      const signs: Record<string, string> = { complete: '✔', in_progress: '▸', error: '✖', pending: '·' }
      return [paragraph([block.title, ...tasks.map((task) => `${signs[task.status] ?? '·'} ${task.title}`)].join('\n'))]
    }
    case 'table':
      return 'rows' in block
        ? [fence(inColumns((block.rows as { text?: string }[][]).map((row) => row.map((cell) => cell.text ?? ''))))]
        : []
    case 'rich_text':
      return [fence(texts(block))]
    default:
      return []
  }
}

/** Cells under one another; a wide one is cut, so that a row stays a line. */
function inColumns(rows: string[][]): string {
  const cells = rows.map((row) => row.map((cell) => clip(cell.replaceAll('\n', ' '), 40)))
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function paragraph(text: string): AnyBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: escapeText(text, limits.sectionText) } } as AnyBlock
}

function fence(text: string): AnyBlock {
  const body = clip(escapeText(text.replaceAll('```', "'''"), limits.sectionText - 10), limits.sectionText - 10)
  return { type: 'section', text: { type: 'mrkdwn', text: `\`\`\`\n${body}\n\`\`\`` } } as AnyBlock
}

function texts(value: unknown): string {
  if (Array.isArray(value)) return value.map(texts).join('')
  if (typeof value !== 'object' || value === null) return ''
  const entry = value as Record<string, unknown>
  return typeof entry.text === 'string' ? entry.text : texts(entry.elements)
}
