import type { SpendLog } from '../../agents/deps.ts'
import type { Config } from '../../config.ts'
import { PromptsError } from '../../errors.ts'
import { createRunAnswers, type RunAnswers } from '../../experiment/find/run-answers.ts'
import { folderTexts } from '../../files/folder-texts.ts'
import type { PendingTexts } from '../../knowledge/pending-changes.ts'
import type { BlobStore } from './blob-store.ts'
import { createFileMemory } from './file-memory.ts'
import { gcsBlobs } from './gcs-blobs.ts'
import { createObjectMemory } from './object-memory.ts'
import { s3Blobs } from './s3-blobs.ts'
import type { ShardingMemory } from './sharding-memory.ts'
import { createObjectSpendLog, createSpendLog } from './spend-log.ts'

/** Where runs and what belongs to them are kept. */
export interface RunStore {
  memory: ShardingMemory
  spend: SpendLog
  /** Where changes of the library wait for its server. */
  pending: PendingTexts
  /** For messages. */
  where: string
}

/**
 * The store of runs that the configuration names: files in PROMPTS_HOME, or object storage for any number of hosts.
 * @throws PromptsError `bad_config` for an address that is none.
 */
export function openRunStore(config: Config): RunStore {
  const address = config.PROMPTS_RUNS
  const now = () => new Date()
  if (address === undefined) {
    const folder = config.PROMPTS_HOME
    return {
      memory: createFileMemory({ folder }),
      spend: createSpendLog({ folder, now }),
      pending: folderTexts(folder),
      where: `PROMPTS_HOME (${folder})`,
    }
  }
  const blobs = openBlobs(address, config)
  return { memory: createObjectMemory({ blobs }), spend: createObjectSpendLog({ blobs, now }), pending: blobs, where: blobs.name }
}

/**
 * What people said of runs that nothing else says, where the runs are kept.
 * @throws PromptsError `bad_config` for an address that is none.
 */
export function openRunAnswers(config: Config): RunAnswers {
  const now = () => new Date()
  const store = config.PROMPTS_RUNS === undefined ? folderTexts(config.PROMPTS_HOME) : openBlobs(config.PROMPTS_RUNS, config)
  return createRunAnswers({ store, now })
}

function openBlobs(address: string, config: Config): BlobStore {
  const match = /^(s3|gs):\/\/([a-z0-9][a-z0-9._-]{1,220})(?:\/(.*))?$/.exec(address)
  if (match === null) {
    throw new PromptsError('bad_config', `PROMPTS_RUNS is "${address}"`, { hint: 'A bucket: s3://bucket/prefix or gs://bucket/prefix.' })
  }
  const [, scheme, bucket = '', path = ''] = match
  const trimmed = path.replace(/\/+$/, '')
  const prefix = trimmed === '' ? '' : `${trimmed}/`
  return scheme === 's3'
    ? s3Blobs({ bucket, prefix, endpoint: config.PROMPTS_S3_ENDPOINT ?? null })
    : gcsBlobs({ bucket, prefix, endpoint: config.PROMPTS_GCS_ENDPOINT ?? null })
}
