import { PromptsError } from '../../errors.ts'
import { keys } from '../../state/keys.ts'
import type { Clients } from '../clients.ts'
import type { SlackDeps } from '../deps.ts'
import type { RunRecord, Watcher } from './run-records.ts'

const keepMs = 7 * 24 * 3600_000
/** An upload that has not ended by then has failed. */
const uploadMs = 60_000

/** Slack's answer to an upload; the same file may stand in several shares. */
type Uploaded = { files?: { permalink?: string }[] }

/**
 * Puts the page of a run's profile into the thread where it was asked for, as a file: one that needs nothing else and can go into
 * a ticket. Once for each thread: asked again it says where the file is. @throws PromptsError `unavailable` where there is no
 * page, or Slack does not take it.
 */
export async function sharePage(
  deps: SlackDeps,
  clients: Clients,
  record: RunRecord,
  place: Pick<Watcher, 'channel' | 'threadTs'>,
): Promise<{ permalink: string; isNew: boolean } | null> {
  const key = keys.pageShared(record.run, place)
  const known = await deps.state.get(key)
  if (known !== null) return { permalink: known, isNew: false }
  const page = (await deps.page?.(record.run, record.team)) ?? null
  if (page === null)
    throw new PromptsError('unavailable', 'There is no page: the run had no profile, or it has been deleted', {
      hint: 'Diagnose the run again once it has a profile.',
    })
  // two clicks at once are one file
  if (!(await deps.state.claim(keys.pageSharing(record.run, place), uploadMs))) return null
  const client = await clients.forTeam(record.team)
  const answer = await client.filesUploadV2({
    channel_id: place.channel,
    thread_ts: place.threadTs,
    file: Buffer.from(page.html),
    filename: page.name,
    title: `Profile of ${record.title}`,
  })
  const permalink = (answer.files as Uploaded[]).flatMap((entry) => entry.files ?? [])[0]?.permalink ?? ''
  await deps.state.set(key, permalink, keepMs)
  return { permalink, isNew: true }
}
