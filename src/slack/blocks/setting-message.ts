import type { Diagnosis } from '../../contract/diagnosis.ts'
import { settingsText, suggestionGain } from '../../thread/say/settings-text.ts'
import { type Message, message, preformatted, section } from './message.ts'
import { escapeText, plain } from './text.ts'

/** A setting beside the mesh that the compiler tried: what it brings, why, and what to paste. */
export function settingMessage(suggestion: Diagnosis['suggestions'][number], title: string): Message {
  const head = `:wrench: *Besides the mesh* of ${escapeText(title, 200)}: ${escapeText(suggestion.what, 300)}, ${suggestionGain(suggestion)}.`
  const text = `${head}\n${escapeText(suggestion.why, 800)}.`
  return message(plain(head), [section(text), preformatted(settingsText(suggestion))])
}
