import type { Card, Diagnosis } from '../../contract/diagnosis.ts'
import { formatMesh } from '../../contract/mesh.ts'
import { formatMs } from '../../text/units.ts'
import type { Offer } from '../offers/offer.ts'
import { actions, button, context, type Message, message, section } from './message.ts'
import { escapeText, plain } from './text.ts'

/** What would be recorded, with the card and the run by name; nothing is, before its person says so. */
export function offerMessage(offer: Offer, options: { diagnosis: Diagnosis; title: string; adopted: number | null }): Message {
  const { diagnosis, title, adopted } = options
  const asked = diagnosis.cards.find((card) => card.rank === offer.rank)
  const of = `of ${escapeText(title, 200)}`
  const no = button('No', 'offer_no', { offer: offer.id, rank: null })
  if (asked === undefined) {
    const text = `<@${offer.by}> ${whatIs(offer)}: which card ${of} was that?`
    const cards = diagnosis.cards.map((card) =>
      button(`Card ${card.rank} (${formatMesh(card.mesh)})`, `offer_record_${card.rank}`, { offer: offer.id, rank: card.rank }),
    )
    return message(plain(text), [section(text), actions(...cards, no), context('Nothing is recorded until you choose.')])
  }
  const card = `card ${asked.rank} (${escapeText(formatMesh(asked.mesh), 200)}) ${of}`
  const text = `<@${offer.by}> ${questionOf(offer, card)}`
  const verb = offer.what.result === 'adopt' ? 'Adopt' : 'Record'
  const also =
    offer.what.result !== 'adopt' && adopted !== asked.rank
      ? ` This also marks card ${asked.rank} as the one that runs${adopted === null ? '' : `, instead of card ${adopted}`}.`
      : ''
  return message(plain(text), [
    section(text),
    actions(button(verb, `offer_record_${asked.rank}`, { offer: offer.id, rank: asked.rank }, 'primary'), no),
    context(`Only you can answer: press, react with ✅, or write _yes_. Nothing is recorded until then.${also}`),
  ])
}

function whatIs({ what }: Offer): string {
  if (what.result === 'ok') return `${formatMs(what.stepTimeMs)} per step`
  if (what.result === 'oom') return 'ran out of memory'
  return what.result === 'failed' ? `failed (“${escapeText(what.why, 200)}”)` : 'adopt'
}

function questionOf(offer: Offer, card: string): string {
  const { what } = offer
  if (what.result === 'ok') return `Record ${formatMs(what.stepTimeMs)} per step for ${card}?`
  if (what.result === 'oom') return `Record that ${card} ran out of memory?`
  if (what.result === 'failed') return `Record that ${card} failed (“${escapeText(what.why, 200)}”)?`
  return `Adopt ${card}?`
}

/** In place of the offer, once its person declined. */
export function declinedMessage(offer: Offer): Message {
  const text = `Not recorded: ${whatIs(offer)}.`
  return message(plain(text), [section(text)])
}

/** In place of the offer to adopt; who adopted what has a message of its own. */
export function adoptionSaidMessage(rank: number): Message {
  const text = `Card ${rank} is adopted.`
  return message(text, [section(text)])
}

/** To someone else who pressed: privately. */
export function notYoursMessage(offer: Offer): Message {
  const text = `Only <@${offer.by}>, who said it, can record that.`
  return message(plain(text), [section(text)])
}

/** The adopted card does not exist any more, or the offer is too old. */
export function offerGoneMessage(): Message {
  const text = 'That question is no longer open. Say it again, for example: _card 1 ran at 22.9 s_.'
  return message(plain(text), [section(text)])
}

/** The reaction that recorded something is gone, but other things were recorded since. */
export function laterOutcomeMessage(): Message {
  const text = 'Something else was recorded for this run since, so nothing is taken back. Write _undo_ to take back what was recorded last.'
  return message(plain(text), [section(text)])
}

/** Taken back, with what stands now. */
export function undoneMessage(input: { by: string; card: Card | null; what: string; now: string }): Message {
  const card = input.card === null ? '' : ` of card ${input.card.rank} (${escapeText(formatMesh(input.card.mesh), 200)})`
  const text = `:leftwards_arrow_with_hook: <@${input.by}> took back ${escapeText(input.what, 300)}${card}. ${input.now}`
  return message(plain(text), [section(text), context('Predictions no longer use it.')])
}
