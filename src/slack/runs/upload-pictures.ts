import type { Picture } from '../blocks/summary-message.ts'
import type { Clients } from '../clients.ts'
import type { SlackDeps } from '../deps.ts'
import type { RunRecord } from './run-records.ts'

const keepMs = 24 * 3600_000
const maxPictures = 4

/**
 * Draws and uploads a run's pictures once, without sharing them anywhere: the summary's image blocks do that. Best effort: a summary
 * without pictures is an answer, none is not.
 */
export async function uploadPictures(deps: SlackDeps, clients: Clients, record: RunRecord): Promise<Picture[]> {
  if (deps.pictures === undefined) return []
  const key = `pictures:${record.run}`
  try {
    const known = await deps.state.get(key)
    if (known !== null) return JSON.parse(known) as Picture[]
    const client = await clients.forTeam(record.team)
    const uploaded: Picture[] = []
    for (const picture of (await deps.pictures(record.run, record.team)).slice(0, maxPictures)) {
      const answer = await client.filesUploadV2({ file: Buffer.from(picture.png), filename: picture.name, alt_text: picture.altText })
      const files = answer.files.flatMap((entry) => entry.files ?? []) as { id?: string }[]
      for (const file of files) if (file.id !== undefined) uploaded.push({ slackFileId: file.id, altText: picture.altText })
    }
    await deps.state.set(key, JSON.stringify(uploaded), keepMs)
    return uploaded
  } catch (error) {
    deps.log.warn('no pictures for a summary', { run: record.run, error: String(error) })
    return []
  }
}
