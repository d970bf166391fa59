import type { WebClient } from '@slack/web-api'
import type { Outcome } from '../../runs/adoption.ts'
import { formatMs } from '../../text/units.ts'
import type { Adoption, Place } from '../adoption/adoption.ts'
import { type Message, message, section } from '../blocks/message.ts'
import { undoneMessage } from '../blocks/offer-messages.ts'
import type { SlackDeps } from '../deps.ts'
import type { RunRecord } from '../runs/run-records.ts'

/** The source of the mark that an outcome sets on a card that was not adopted before. */
export const outcomeSource = 'outcome'

/**
 * Takes back what was recorded last for a run: its outcome, else its adoption, with all that followed from it. Only who recorded
 * it or who may adopt here can.
 * @returns What to say in the thread; null where the adoption says so itself.
 */
export async function takeBack(
  { deps, adoption, clientFor }: { deps: SlackDeps; adoption: Adoption; clientFor: (team: string) => Promise<WebClient> },
  record: RunRecord,
  place: Place,
  user: string,
): Promise<Message | null> {
  const { run, team: tenant } = record
  const { adopted, marks } = await deps.diagnose.current(run, tenant)
  if (adopted === null) return told(`Nothing of ${record.title} is recorded, so there is nothing to take back.`)
  const recordedBy = adopted.outcome === null ? adopted.by : (adopted.outcomeBy ?? adopted.by)
  const who = recordedBy === user ? null : await adoption.refusalFor(await clientFor(tenant), record, user)
  if (who !== null) return told(`<@${recordedBy}> recorded that; only they, or ${who}, can take it back.`)
  if (adopted.outcome === null) {
    await adoption.unmark(record, place, { user: adopted.by, rank: adopted.rank, source: null })
    return null
  }
  const written = await deps.diagnose.undoOutcome({ run, by: user, tenant })
  const diagnosis = await deps.memory.diagnosis(run)
  const card = diagnosis?.cards.find((one) => one.rank === adopted.rank) ?? null
  const said = marks.find((mark) => mark.rank === adopted.rank && mark.source === outcomeSource)
  if (said !== undefined) await adoption.unmark(record, place, said)
  const before = written.measured_after_ms
  const now = before === null ? 'Nothing is recorded of how it ran.' : `The outcome before it, ${formatMs(before)} per step, counts again.`
  return undoneMessage({ by: user, card, what: wordsOf(adopted.outcome), now })
}

function wordsOf(outcome: Outcome): string {
  if (outcome.result === 'ok') return `${formatMs(outcome.stepTimeMs)} per step`
  return outcome.result === 'oom' ? 'the out-of-memory' : 'the failure'
}

function told(text: string): Message {
  return message(text, [section(text)])
}
