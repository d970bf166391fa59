import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import { axes, axisSize } from '../../contract/mesh.ts'
import { axisNames } from '../../text/axis-names.ts'
import { frameworkOf, gainWords, perWhat, stepWords } from './say-verdict.ts'

const shownLines = 4
/** What a card's own lines say of its step and memory. */
const saidAlready = /(?:, and the step (?:goes|stays|takes) |; memory is ).*$/

/** What a card brings: its gain over what runs, or its time where nothing runs yet. */
export function bringsWords(card: Card): string {
  const gain = card.estimate?.gain
  return gain === null || gain === undefined ? stepWords(card) : gainWords(gain, perWhat(card))
}

/** The absolute time, with its wider range, where `bringsWords` has said a gain; else empty. */
export function timeWords(card: Card): string {
  return card.estimate?.gain ? stepWords(card) : ''
}

/**
 * The sentence of a card's rationale that no other card shares: what the cards have in common is said once, in the summary. Where
 * all is shared the last sentence stands.
 */
export function ownReason(card: Card, cards: readonly Card[]): string {
  const others = new Set(cards.filter((other) => other.rank !== card.rank).flatMap((other) => sentences(other.rationale)))
  const said = sentences(card.rationale)
  const own = said.find((sentence) => !others.has(sentence)) ?? said.at(-1) ?? ''
  return own.replace(saidAlready, '.')
}

function sentences(text: string): string[] {
  return text
    .split(/(?<=[.!?]) (?=[A-Z])/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '')
}

/** Of a card's snippet what differs from what runs: settings that stay at 1 or as they are, are left to "all settings". */
export function differingSettings(card: Card, { baseline }: Pick<Diagnosis, 'baseline'>): string {
  const [snippet = ''] = Object.values(card.snippets)
  const words = snippet.split(/\s+/).filter((word) => word !== '')
  if (!words.every((word) => /^[A-Za-z_][\w.]*=\S+$/.test(word))) return snippet.split('\n').slice(0, shownLines).join('\n')
  const same = new Set(unchanged(card, baseline))
  const differing = words.filter((word) => !same.has(word) && !/_parallelism=1$/.test(word))
  const lowered = words.filter((word) => !same.has(word) && /_parallelism=1$/.test(word) && wasMore(word, card, baseline))
  return [...differing, ...lowered].join(' ')
}

function unchanged(card: Card, baseline: Diagnosis['baseline']): string[] {
  if (baseline === null) return []
  const names = axisNames[frameworkOf(card)]
  const kept = (level: 'ici' | 'dcn', before: Card['mesh'], after: Card['mesh']) =>
    axes
      .filter((axis) => axisSize(before, axis) === axisSize(after, axis) && axisSize(after, axis) !== 1)
      .map((axis) => `${level}_${names[axis]}_parallelism=${axisSize(after, axis)}`)
  return [...kept('ici', baseline.mesh, card.mesh), ...kept('dcn', baseline.dcn, card.dcn)]
}

function wasMore(word: string, card: Card, baseline: Diagnosis['baseline']): boolean {
  if (baseline === null) return false
  const names = axisNames[frameworkOf(card)]
  const found = /^(ici|dcn)_(\w+)_parallelism=1$/.exec(word)
  const axis = axes.find((one) => names[one] === found?.[2])
  const before = found?.[1] === 'dcn' ? baseline.dcn : baseline.mesh
  return axis !== undefined && axisSize(before, axis) > 1
}
