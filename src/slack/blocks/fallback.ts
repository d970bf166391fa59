import type { AnyBlock } from '@slack/types'
import { limits } from './limits.ts'
import type { Message } from './message.ts'
import { clip, escapeText } from './text.ts'

/**
 * The same message out of sections, contexts and buttons alone, for a workspace that answers `invalid_blocks` to the newer kinds
 * (plan, table, rich text, feedback buttons). Buttons stay, so what could be done still can.
 */
export function withPlainBlocks(message: Message): Message {
  return { text: message.text, blocks: message.blocks.flatMap(plainBlock) }
}

/** The message without its pictures: Slack refuses a whole message for one picture that it has not processed yet. */
export function withoutPictures(message: Message): Message {
  return { text: message.text, blocks: message.blocks.filter((block) => block.type !== 'image') }
}

/** Slack's own advice for the text of a message. */
const shortText = 3000

/** The message as text alone, cut short: what is left when even plain blocks are refused. */
export function withoutBlocks(message: Message): Message {
  return { text: clip(message.text, shortText), blocks: [] }
}

function plainBlock(block: AnyBlock): AnyBlock[] {
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
