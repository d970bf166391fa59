import { type Message, message, section } from '../blocks/message.ts'
import { escapeCode } from '../blocks/text.ts'
import { compileJobId } from '../deps.ts'
import { forgetRun } from '../housekeeping.ts'
import type { SlackServices } from '../services.ts'
import type { Asker } from './access.ts'

/**
 * Deletes runs for whoever asked for them; what became of each, a line a run. Cases that were adopted stay: they are the
 * library's.
 */
export async function forgetAsked(services: SlackServices, asker: Pick<Asker, 'team' | 'user'>, runs: readonly string[]): Promise<Message> {
  const lines = await Promise.all(runs.map((run) => forgetOne(services, asker, run)))
  const text = lines.length === 0 ? 'Name the run to forget: `/prompts forget run-…`; its id stands below its summary.' : lines.join('\n')
  return message(text, [section(text)])
}

async function forgetOne(services: SlackServices, asker: Pick<Asker, 'team' | 'user'>, run: string): Promise<string> {
  const { records, delivery } = services
  const name = `\`${escapeCode(run, 150)}\``
  const record = await records.get(run)
  // whether another workspace has such a run is not said
  if (record === null || record.team !== asker.team) return `I know no run ${name}.`
  if (record.by !== asker.user) return `${name} was asked for by <@${record.by}>; only they can have it forgotten.`
  if ((await records.ended(run)) === null) return `${name} is under way; cancel it first.`
  await services.deps.compiles.cancel(compileJobId(run))
  await delivery.compilingEnded(record)
  await forgetRun(services, run)
  return `${name} is forgotten: its record is deleted. Its messages are yours to delete; a case that was adopted from it stays in the library.`
}
