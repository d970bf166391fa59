import type { Diagnosis } from '../../contract/diagnosis.ts'
import { PromptsError } from '../../errors.ts'
import type { Rank } from '../../runs/adoption.ts'
import type { Reading } from '../../thread/reading.ts'
import type { Offer } from '../offers/offer.ts'
import { type Asker, checkExperiment } from '../requests/access.ts'
import type { RunRecord } from '../runs/run-records.ts'
import type { SlackServices } from '../services.ts'

/**
 * What a message would have recorded, as an offer to its writer; null where it is a question. @throws PromptsError for a card
 * that is not there.
 */
export async function offerOf(
  services: SlackServices,
  input: { record: RunRecord; reading: Reading; diagnosis: Diagnosis; asker: Asker; threadTs: string; askTs: string },
): Promise<Offer | null> {
  const { record, reading, diagnosis, asker, threadTs, askTs } = input
  const what = await whatOf(services, reading, asker)
  if (what === null) return null
  if (diagnosis.cards.length === 0) {
    throw new PromptsError('not_feasible', `${record.title} has no cards, so there is none that could have run`, {
      hint: 'Its report says why.',
    })
  }
  const named = reading.value.cards?.[0]
  const card = diagnosis.cards.find((one) => one.rank === named)
  if (named !== undefined && card === undefined) {
    throw new PromptsError('bad_arguments', `${record.title} has no card ${named}`, {
      hint: `Its cards: ${diagnosis.cards.map((one) => one.rank).join(', ')}.`,
    })
  }
  const { team, channel, user: by } = asker
  const rank = card?.rank ?? (await likeliest(services, record, diagnosis))
  return { id: `${channel}/${askTs}/${record.run}`.slice(0, 200), run: record.run, by, team, channel, threadTs, rank, what }
}

async function whatOf(
  { deps }: SlackServices,
  { intent, value, failed }: Reading,
  { team, channel }: Pick<Offer, 'team' | 'channel'>,
): Promise<Offer['what'] | null> {
  if (intent === 'adopt') return { result: 'adopt' }
  if (intent === 'oom') return { result: 'oom' }
  if (intent !== 'outcome' && intent !== 'outcome_confirm') return null
  if (failed !== null) return { result: 'failed', why: failed.slice(0, 500) }
  if (value.step_time_ms !== undefined) return { result: 'ok', stepTimeMs: value.step_time_ms }
  if (value.experiment === undefined) return null
  // another run's step time is told only where that run may be asked for
  checkExperiment(deps, channel, value.experiment)
  const stepTimeMs = await deps.experiments.stepTimeMs(team, value.experiment)
  if (stepTimeMs !== null) return { result: 'ok', stepTimeMs }
  throw new PromptsError('impossible_measurement', `${value.experiment} has no step time yet`, { hint: 'Write it here: it ran at 22.9 s' })
}

/** The adopted card, or the only one; else they are asked. */
async function likeliest({ deps }: SlackServices, record: RunRecord, diagnosis: Diagnosis): Promise<Rank | null> {
  const { adopted } = await deps.diagnose.current(record.run, record.team)
  if (adopted !== null) return adopted.rank
  return diagnosis.cards.length === 1 ? (diagnosis.cards[0]?.rank ?? null) : null
}
