import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { WebClient } from '@slack/web-api'
import { asPromptsError, PromptsError } from '../../errors.ts'
import type { Outcome, Rank } from '../../runs/adoption.ts'
import { keys } from '../../state/keys.ts'
import type { Adoption, Place } from '../adoption/adoption.ts'
import type { Message } from '../blocks/message.ts'
import { errorMessage, mayNotAdoptMessage, outcomeMessage } from '../blocks/notice-messages.ts'
import {
  adoptionSaidMessage,
  declinedMessage,
  laterOutcomeMessage,
  notYoursMessage,
  offerGoneMessage,
  offerMessage,
} from '../blocks/offer-messages.ts'
import type { SlackDeps } from '../deps.ts'
import type { Outbox } from '../outbox/outbox.ts'
import type { RunRecord, RunRecords } from '../runs/run-records.ts'
import { type Offer, offerSchema } from './offer.ts'
import { outcomeSource, takeBack } from './take-back.ts'

const keepMs = 3 * 24 * 3600_000

export interface OffersOptions {
  deps: SlackDeps
  outbox: Outbox
  records: RunRecords
  adoption: Adoption
  clientFor: (team: string) => Promise<WebClient>
}

type Answered = 'recorded' | 'declined' | 'refused' | 'gone'

/** What people said and may have recorded: asked first, recorded once, on the word of who said it. */
export class Offers {
  readonly #options: OffersOptions

  constructor(options: OffersOptions) {
    this.#options = options
  }

  /** Asks. Saying the same again asks once. */
  async make(record: RunRecord, offer: Offer): Promise<void> {
    const { deps, outbox } = this.#options
    const diagnosis = await deps.memory.diagnosis(record.run)
    if (diagnosis === null) return
    await deps.state.set(keys.offer(offer.id), JSON.stringify(offer), keepMs)
    await deps.state.set(keys.openOffer(offer, offer.by), offer.id, keepMs)
    const adopted = (await deps.diagnose.current(record.run, record.team)).adopted?.rank ?? null
    await outbox.put({
      ...placeOf(offer),
      message: offerMessage(offer, { diagnosis, title: record.title, adopted }),
      subject: { run: offer.run, rank: offer.rank, offer: offer.id },
    })
  }

  /** The offer that this person was made in this thread last and has not answered. */
  async open(thread: { team: string; channel: string; threadTs: string }, user: string): Promise<Offer | null> {
    const id = await this.#options.deps.state.get(keys.openOffer(thread, user))
    return id === null ? null : this.#read(id)
  }

  /** Someone answers an offer, by button, reaction or word. Only its own person's answer counts, and only the first. */
  async answer(
    id: string,
    /** `reaction`: its name, where the answer was one; taking it away takes back what it recorded. */
    input: { user: string; team: string; yes: boolean; rank: Rank | null; reaction?: string },
  ): Promise<Answered> {
    const { deps, outbox, records } = this.#options
    const offer = await this.#read(id)
    const record = offer === null ? null : await records.get(offer.run)
    if (offer === null || record === null || offer.team !== input.team || record.team !== input.team) return 'gone'
    if (offer.by !== input.user) {
      await this.#whisper(offer, input.user, notYoursMessage(offer))
      return 'refused'
    }
    const rank = input.rank ?? offer.rank
    if (input.yes && rank === null) {
      await this.#whisper(
        offer,
        input.user,
        offerMessage(offer, { diagnosis: await this.#diagnosis(offer), title: record.title, adopted: null }),
      )
      return 'refused'
    }
    const token = randomUUID()
    if ((await deps.state.setIfAbsent(keys.offerTaken(id), token, keepMs)) !== token) return 'refused'
    try {
      const told = input.yes && rank !== null ? await this.#record(record, offer, rank) : declinedMessage(offer)
      await deps.state.delete(keys.openOffer(offer, offer.by))
      if (input.yes && input.reaction !== undefined) await deps.state.set(keys.offerTaken(id), `reaction/${input.reaction}`, keepMs)
      await outbox.put({ ...placeOf(offer), message: told })
      return input.yes ? 'recorded' : 'declined'
    } catch (thrown) {
      await deps.state.delete(keys.offerTaken(id))
      const error = asPromptsError(thrown)
      deps.log.warn('an offer was not recorded', { run: offer.run, id: error.id, code: error.code, message: error.message })
      await this.#whisper(offer, input.user, errorMessage(error, { about: `Card ${rank ?? ''}`.trim(), run: offer.run }))
      return 'refused'
    }
  }

  /** Takes back what was recorded last for a run. @returns What to say in the thread; null where that is said already. */
  async takeBack(record: RunRecord, place: Place, user: string): Promise<Message | null> {
    return takeBack(this.#options, record, place, user)
  }

  /**
   * The reaction by which someone had something recorded is taken away: so is what it recorded, unless other things were recorded
   * since.
   */
  async unanswer(id: string, input: { user: string; team: string; reaction: string }): Promise<void> {
    const { deps, outbox, records, adoption } = this.#options
    const offer = await this.#stored(id)
    const taken = await deps.state.get(keys.offerTaken(id))
    const record = offer === null ? null : await records.get(offer.run)
    if (offer === null || record === null || offer.team !== input.team || offer.by !== input.user) return
    if (taken !== `reaction/${input.reaction}`) return
    await deps.state.set(keys.offerTaken(id), 'taken back', keepMs)
    const place = { channel: offer.channel, threadTs: offer.threadTs }
    const { adopted } = await deps.diagnose.current(offer.run, offer.team)
    if (adopted === null) return
    if (offer.what.result === 'adopt') return adoption.unmark(record, place, { user: offer.by, rank: adopted.rank, source: 'words' })
    const stands = adopted.outcomeBy === offer.by && isDeepStrictEqual(adopted.outcome, offer.what)
    const said = stands ? await this.takeBack(record, place, input.user) : laterOutcomeMessage()
    if (said !== null) await outbox.put({ ...placeOf(offer), key: `offer/${id}/undone`, message: said })
  }

  /** Tells who pressed that there is nothing to answer any more. */
  async tellGone(place: { team: string; channel: string; threadTs: string }, user: string, id: string): Promise<void> {
    const key = `offer-gone/${id}/${user}`
    await this.#options.outbox.whisper({ ...place, key, user, message: offerGoneMessage() })
  }

  async #record(record: RunRecord, offer: Offer, rank: Rank): Promise<Message> {
    const { deps, adoption, clientFor } = this.#options
    const place = { channel: offer.channel, threadTs: offer.threadTs }
    const who = await adoption.refusalFor(await clientFor(offer.team), record, offer.by)
    if (who !== null) return mayNotAdoptMessage(who)
    const { what } = offer
    if (what.result === 'adopt') {
      await adoption.mark(record, place, { user: offer.by, rank, source: 'words' })
      return adoptionSaidMessage(rank)
    }
    const current = await deps.diagnose.current(offer.run, offer.team)
    if (current.adopted?.rank !== rank) await adoption.mark(record, place, { user: offer.by, rank, source: outcomeSource })
    const outcome: Outcome = what
    const written = await deps.diagnose.outcome({ run: offer.run, outcome, by: offer.by, tenant: offer.team })
    return outcomeMessage({ by: offer.by, case: written, run: offer.run, rank, title: record.title })
  }

  async #read(id: string): Promise<Offer | null> {
    return (await this.#options.deps.state.get(keys.offerTaken(id))) === null ? this.#stored(id) : null
  }

  async #stored(id: string): Promise<Offer | null> {
    const value = await this.#options.deps.state.get(keys.offer(id))
    return value === null ? null : (offerSchema.safeParse(JSON.parse(value)).data ?? null)
  }

  async #diagnosis(offer: Offer) {
    const diagnosis = await this.#options.deps.memory.diagnosis(offer.run)
    if (diagnosis !== null) return diagnosis
    throw new PromptsError('unknown_run', 'This run has been deleted', { hint: 'Mention me with the experiment to diagnose it again.' })
  }

  async #whisper(offer: Offer, user: string, message: Message): Promise<void> {
    const { team, channel, threadTs } = offer
    await this.#options.outbox.whisper({ team, key: `offer/${offer.id}/${user}/${Date.now()}`, channel, threadTs, user, message })
  }
}

function placeOf(offer: Offer): { team: string; key: string; channel: string; threadTs: string } {
  return { team: offer.team, key: `offer/${offer.id}`, channel: offer.channel, threadTs: offer.threadTs }
}
