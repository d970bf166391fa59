import type { WebClient } from '@slack/web-api'
import type { Card } from '../../contract/diagnosis.ts'
import { asPromptsError } from '../../errors.ts'
import type { Rank } from '../../runs/adoption.ts'
import { keys } from '../../state/keys.ts'
import { errorMessage, mayNotAdoptMessage, whichCardMessage, whichOfCardsMessage } from '../blocks/notice-messages.ts'
import type { SlackDeps } from '../deps.ts'
import type { Offers } from '../offers/offers.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { checkAsker } from '../requests/access.ts'
import type { RunRecord, RunRecords } from '../runs/run-records.ts'
import type { Adoption } from './adoption.ts'
import { reactionMeaning } from './reaction-meaning.ts'

/** How long a reaction waits for the card that it is on to be recorded. */
const earlyMs = 15 * 60_000
/** Numbers that order reactions outlive them. */
const orderMs = 3650 * 24 * 3600_000

export interface Reaction {
  team: string
  channel: string
  ts: string
  user: string
  name: string
  added: boolean
  eventId: string
}

export interface ReactionsOptions {
  deps: SlackDeps
  outbox: Outbox
  records: RunRecords
  adoption: Adoption
  offers: Offers
  clientFor: (team: string) => Promise<WebClient>
}

/** Reactions on our messages: what they mean, and those that come before their card is recorded. */
export class Reactions {
  readonly #options: ReactionsOptions

  constructor(options: ReactionsOptions) {
    this.#options = options
  }

  async handle(reaction: Reaction): Promise<void> {
    if (reactionMeaning(reaction.name) === null) return
    if (await this.#apply(reaction)) return
    const { state } = this.#options.deps
    const order = await state.increment(keys.order(reaction.team, 'reactions'), 1, orderMs)
    await state.set(
      `${keys.earlyReactions(reaction)}${String(order).padStart(15, '0')}/${reaction.eventId}`,
      JSON.stringify(reaction),
      earlyMs,
    )
    // the card may have been recorded between the two looks
    if ((await this.#options.outbox.subjectOf(reaction.team, reaction)) !== null) await this.applyEarly(reaction.channel, reaction.ts)
  }

  /** Now that a message is recorded (or its run is answered): what was reacted before. */
  async applyEarly(channel: string, ts: string): Promise<void> {
    const { state } = this.#options.deps
    for (const { key, value } of await state.list(keys.earlyReactions({ channel, ts }), 200)) {
      if (!(await state.claim(keys.earlyApplied(key), earlyMs))) continue
      const done = await this.#apply(JSON.parse(value) as Reaction)
      if (done) await state.delete(key)
      else await state.release(keys.earlyApplied(key))
    }
  }

  /** False when the message is not known yet, or its run has no cards yet. */
  async #apply(reaction: Reaction): Promise<boolean> {
    const { deps, outbox, records } = this.#options
    const subject = await outbox.subjectOf(reaction.team, reaction)
    if (subject === null) return false
    const meaning = reactionMeaning(reaction.name)
    const record = await records.get(subject.run)
    if (meaning === null || record === null) return true
    const place = { channel: reaction.channel, threadTs: subject.threadTs ?? record.threadTs }
    const source = `reaction/${reaction.channel}/${reaction.ts}/${reaction.name.split('::')[0]}`

    if (subject.offer !== undefined) {
      const rank = meaning.kind === 'number' ? meaning.rank : subject.rank
      const { user, team } = reaction
      const said = reaction.name.split('::')[0] ?? ''
      if (reaction.added) await this.#options.offers.answer(subject.offer, { user, team, yes: true, rank, reaction: said })
      else await this.#options.offers.unanswer(subject.offer, { user, team, reaction: said })
      return true
    }
    if (subject.rank === null) {
      const diagnosis = await deps.memory.diagnosis(subject.run)
      if (diagnosis === null) return (await records.ended(subject.run)) !== null
      if (meaning.kind === 'yes') {
        await this.#yesOnSummary(reaction, diagnosis.cards, { record, place, source })
        return true
      }
      if (!diagnosis.cards.some((card) => card.rank === meaning.rank)) return true
      await this.say(record, place, { user: reaction.user, rank: meaning.rank, source, added: reaction.added })
      return true
    }
    if (meaning.kind === 'number' && meaning.rank !== subject.rank) {
      if (!reaction.added) return true
      await outbox.whisper({
        team: reaction.team,
        key: `which/${reaction.channel}/${reaction.ts}/${reaction.user}/${reaction.eventId}`,
        channel: reaction.channel,
        user: reaction.user,
        threadTs: place.threadTs,
        message: whichCardMessage({ run: subject.run, on: subject.rank, meant: meaning.rank }),
      })
      return true
    }
    await this.say(record, place, { user: reaction.user, rank: subject.rank, source, added: reaction.added })
    return true
  }

  /** "This one" on the summary: the only card, or a private question which. */
  async #yesOnSummary(
    reaction: Reaction,
    cards: readonly Card[],
    { record, place, source }: { record: RunRecord; place: { channel: string; threadTs: string }; source: string },
  ): Promise<void> {
    const [only, second] = cards
    if (only === undefined) return
    if (second === undefined) return this.say(record, place, { user: reaction.user, rank: only.rank, source, added: reaction.added })
    if (!reaction.added) return
    await this.#options.outbox.whisper({
      team: reaction.team,
      key: `which/${reaction.channel}/${reaction.ts}/${reaction.user}/${reaction.eventId}`,
      channel: reaction.channel,
      user: reaction.user,
      threadTs: place.threadTs,
      message: whichOfCardsMessage({ run: record.run, cards }),
    })
  }

  /** Adopts or takes back, if this person may; else says so privately. */
  async say(
    record: RunRecord,
    place: { channel: string; threadTs: string },
    input: { user: string; rank: Rank; source: string; added: boolean },
  ): Promise<void> {
    const { adoption, outbox, clientFor, deps } = this.#options
    const whisper = (message: ReturnType<typeof mayNotAdoptMessage>) =>
      outbox.whisper({ team: record.team, key: `adopt/${record.run}/${input.user}/${Date.now()}`, ...place, user: input.user, message })
    try {
      if (!input.added) return await adoption.unmark(record, place, input)
      const client = await clientFor(record.team)
      await checkAsker(deps, client, { team: record.team, channel: place.channel, user: input.user, isSharedChannel: undefined })
      const who = await adoption.refusalFor(client, record, input.user)
      if (who !== null) return await whisper(mayNotAdoptMessage(who))
      await adoption.mark(record, place, input)
    } catch (thrown) {
      const error = asPromptsError(thrown)
      deps.log.error('an adoption failed', { run: record.run, id: error.id, message: error.message, cause: String(error.cause ?? '') })
      await whisper(errorMessage(error, { about: `Card ${input.rank}`, run: record.run }))
    }
  }
}
