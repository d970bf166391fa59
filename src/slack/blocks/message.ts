import type { ActionsBlock, AnyBlock, Button, ContextBlock, RichTextBlock, SectionBlock, TableBlock } from '@slack/types'
import { limits } from './limits.ts'
import { clip } from './text.ts'

/** What is sent to Slack. `text` is what notifications and screen readers say, and what stands where blocks are refused. */
export interface Message {
  text: string
  blocks: AnyBlock[]
}

/** The message with its `text` kept within what Slack shows. */
export function message(text: string, blocks: AnyBlock[]): Message {
  // the fallback text is read as markup too: words of others must not call a channel or hide an address there
  return { text: clip(text.replaceAll(/<(?!@[A-Z0-9]+>|#[A-Z0-9]+>|!subteam\^[A-Z0-9]+>)/g, '&lt;'), limits.messageText), blocks }
}

/** A paragraph of markup; `folds` lets Slack hide what is long behind "see more". */
export function section(markup: string, options: { folds?: boolean } = {}): SectionBlock {
  const text = { type: 'mrkdwn' as const, text: clip(markup, limits.sectionText) }
  return options.folds === true ? { type: 'section', text, expand: false } : { type: 'section', text, expand: true }
}

export function fields(entries: string[]): SectionBlock {
  return {
    type: 'section',
    fields: entries.slice(0, limits.fields).map((entry) => ({ type: 'mrkdwn', text: clip(entry, limits.fieldText) })),
  }
}

export function context(...entries: string[]): ContextBlock {
  return {
    type: 'context',
    elements: entries.slice(0, limits.contextElements).map((entry) => ({ type: 'mrkdwn', text: clip(entry, limits.contextText) })),
  }
}

export function actions(...elements: Button[]): ActionsBlock {
  return { type: 'actions', elements }
}

/** A button whose value is JSON that comes back with the click. */
export function button(text: string, actionId: string, value: unknown, style?: 'primary' | 'danger'): Button {
  const built: Button = {
    type: 'button',
    text: { type: 'plain_text', text: clip(text, limits.buttonText), emoji: true },
    action_id: actionId,
    value: JSON.stringify(value),
  }
  return style === undefined ? built : { ...built, style }
}

/** Text that copies just as it is. */
export function preformatted(text: string, max = 6000): RichTextBlock {
  const shown = text.trim() === '' ? '(empty)' : clip(text.trimEnd(), max)
  return { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: shown }] }] }
}

export function richText(text: string): RichTextBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: text === '' ? '–' : text }] }] }
}

/** A table of plain cells, the first row its head. @param align One a column. */
export function table(rows: string[][], align: readonly ('left' | 'right')[]): TableBlock {
  const columns = Math.min(limits.tableColumns, rows[0]?.length ?? 0)
  return {
    type: 'table',
    column_settings: align.slice(0, columns).map((side) => ({ align: side })),
    rows: rows
      .slice(0, limits.tableRows)
      .map((row) => row.slice(0, columns).map((cell) => ({ type: 'raw_text' as const, text: cell === '' ? '–' : cell }))),
  }
}
