import type { Bucket, File } from '@google-cloud/storage'
import { experimentIdSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { maxExperimentBytes, parseExperiment } from '../parse-experiment.ts'
import type { ExperimentSource, ProfileHandle } from './experiment-source.ts'
import { fetchInto, profileFetchLimits } from './fetch-cache.ts'

export interface GcsOptions {
  /** `gs://bucket/prefix` */
  address: string
  cacheRoot: string
  /** Another endpoint that speaks the same protocol, from the operator's settings. */
  endpoint: string | null
}

/** Experiments in a Google Cloud Storage bucket: `PREFIX/ID/experiment.yaml`, read with the operator's own credentials. */
export function gcsSource({ address, cacheRoot, endpoint }: GcsOptions): ExperimentSource {
  const { bucketName, prefix } = splitAddress(address)
  const name = `bucket ${address}`
  let opened: Promise<Bucket> | null = null
  const bucket = () => {
    opened ??= openBucket(bucketName, endpoint)
    return opened
  }
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      if (error instanceof PromptsError) throw error
      throw new PromptsError('unavailable', `${name} cannot be read: ${(error as Error).message.split('\n')[0]}`, {
        hint: 'Check the bucket, its permissions and the credentials of this process.',
        cause: error,
      })
    }
  }
  return {
    name,
    find: (id) =>
      guarded(async () => {
        if (!experimentIdSchema.safeParse(id).success) return null
        const folder = `${prefix}${id}/`
        const file = (await bucket()).file(`${folder}experiment.yaml`)
        if (!(await file.exists())[0]) return null
        const size = Number((await file.getMetadata())[0].size ?? 0)
        if (size > maxExperimentBytes)
          throw new PromptsError('too_large', `${address}: experiment.yaml of ${id} has ${size} bytes`, {
            hint: `At most ${maxExperimentBytes} are read.`,
          })
        const experiment = parseExperiment((await file.download())[0].toString('utf8'), `gs://${bucketName}/${folder}experiment.yaml`)
        return {
          experiment,
          origin: `bucket gs://${bucketName}/${folder}`,
          profile:
            experiment.profile === undefined
              ? null
              : await profileIn(await bucket(), folder, experiment.profile, `gs://${bucketName}/${folder}`, cacheRoot),
          links: [],
        }
      }),
    list: (limit) =>
      guarded(async () => {
        const [, , reply] = await (await bucket()).getFiles({ prefix, delimiter: '/', maxResults: limit, autoPaginate: false })
        const prefixes = (reply as { prefixes?: string[] } | undefined)?.prefixes ?? []
        return prefixes.map((one) => one.slice(prefix.length).replace(/\/$/, '')).slice(0, limit)
      }),
  }
}

async function profileIn(bucket: Bucket, folder: string, named: string, origin: string, cacheRoot: string): Promise<ProfileHandle | null> {
  const path = named.replace(/^\.\//, '').replace(/\/$/, '')
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new PromptsError('outside_folder', `profile "${named}" lies outside the experiment's folder`, {
      hint: 'Put the profile beside experiment.yaml and name it relative to that.',
    })
  }
  const [below] = await bucket.getFiles({ prefix: `${folder}${path}`, maxResults: profileFetchLimits.maxFiles + 1, autoPaginate: false })
  const files = below.filter((file) => file.name === `${folder}${path}` || file.name.startsWith(`${folder}${path}/`))
  if (files.length === 0) return null
  return {
    name: named,
    async open(signal) {
      const local = await fetchInto(
        cacheRoot,
        `${origin}${path}`,
        files.filter((file) => !file.name.endsWith('/')).map((file) => remote(file, folder)),
        profileFetchLimits,
        signal,
      )
      return `${local}/${path}`
    },
  }
}

function remote(file: File, folder: string) {
  return {
    path: file.name.slice(folder.length),
    bytes: file.metadata.size === undefined ? null : Number(file.metadata.size),
    open: async () => file.createReadStream(),
  }
}

async function openBucket(bucketName: string, endpoint: string | null): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage')
  const storage =
    endpoint === null
      ? new Storage({ retryOptions: { maxRetries: 3, totalTimeout: 60 } })
      : new Storage({ apiEndpoint: endpoint, projectId: 'prompts', retryOptions: { maxRetries: 1, totalTimeout: 20 } })
  return storage.bucket(bucketName)
}

function splitAddress(address: string): { bucketName: string; prefix: string } {
  const match = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220})(?:\/(.*))?$/.exec(address)
  if (!match)
    throw new PromptsError('bad_config', `PROMPTS_EXPERIMENTS holds "${address}"`, { hint: 'A bucket is written gs://bucket/prefix.' })
  const prefix = (match[2] ?? '').replace(/\/+$/, '')
  return { bucketName: match[1]!, prefix: prefix === '' ? '' : `${prefix}/` }
}
