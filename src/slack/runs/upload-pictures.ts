import { setTimeout as sleep } from 'node:timers/promises'
import type { WebClient } from '@slack/web-api'
import { ofRun } from '../../state/keys.ts'
import type { Picture } from '../blocks/summary-message.ts'
import type { Clients } from '../clients.ts'
import type { SlackDeps } from '../deps.ts'
import type { RunRecord } from './run-records.ts'

const keepMs = 7 * 24 * 3600_000
const maxPictures = 4
const processingTries = 8
const processingPauseMs = 500

/** Pictures of a run that are with Slack already. */
export async function knownPictures(deps: SlackDeps, run: string): Promise<Picture[]> {
  const known = await deps.state.get(ofRun.pictures(run))
  return known === null ? [] : (JSON.parse(known) as Picture[])
}

/**
 * Draws and uploads a run's pictures once, without sharing them anywhere: the summary's image blocks do that. Best effort: a
 * summary without pictures is an answer, none is not.
 */
export async function uploadPictures(deps: SlackDeps, clients: Clients, record: RunRecord): Promise<Picture[]> {
  if (deps.pictures === undefined) return []
  try {
    const known = await knownPictures(deps, record.run)
    if (known.length > 0) return known
    const client = await clients.forTeam(record.team)
    const uploaded: Picture[] = []
    for (const picture of (await deps.pictures(record.run, record.team)).slice(0, maxPictures)) {
      const answer = await client.filesUploadV2({ file: Buffer.from(picture.png), filename: picture.name, alt_text: picture.altText })
      const files = answer.files.flatMap((entry) => entry.files ?? []) as { id?: string }[]
      for (const { id } of files) {
        if (id !== undefined && (await isProcessed(client, id))) uploaded.push({ slackFileId: id, altText: picture.altText })
      }
    }
    await deps.state.set(ofRun.pictures(record.run), JSON.stringify(uploaded), keepMs)
    return uploaded
  } catch (error) {
    deps.log.warn('no pictures for a summary', { run: record.run, error: String(error) })
    return []
  }
}

/** Slack refuses blocks that show a file it has not looked at yet. */
async function isProcessed(client: WebClient, file: string): Promise<boolean> {
  for (let tries = 0; tries < processingTries; tries += 1) {
    const { file: info } = await client.files.info({ file })
    if (info?.mimetype !== undefined && info.mimetype !== '') return true
    await sleep(processingPauseMs)
  }
  return false
}
