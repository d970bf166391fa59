import { z } from 'zod'
import { type Experiment, experimentIdSchema, experimentSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { maxExperimentBytes, parseExperiment } from '../parse-experiment.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import type { ExperimentSource, ProfileHandle } from './experiment-source.ts'
import { fetchInto, profileFetchLimits, type RemoteFile } from './fetch-cache.ts'
import { bodyOf, readJson, readText, request } from './http.ts'

const api = '/api/2.0/mlflow'
const maxFolders = 200

const runSchema = z.object({
  info: z.object({ run_id: z.string().regex(/^[0-9a-f]{32}$/), experiment_id: z.string(), run_name: z.string().nullish() }),
  data: z.object({ params: z.array(z.object({ key: z.string(), value: z.string() })).default([]) }),
})
type MlflowRun = z.infer<typeof runSchema>

const artifactSchema = z.object({ path: z.string().max(2000), is_dir: z.boolean(), file_size: z.coerce.number().nullish() })

/**
 * Runs of an MLflow server (`mlflow+http://host:port`), by run name or run id. The experiment is the run's artifact `experiment.yaml`, or its
 * params in the experiment file's own words with dots (`hardware.chip`, `run.global_batch`, `mesh.data`); the profile is its artifact `profile`
 * or the folder that holds `.xplane.pb` files.
 */
export function mlflowSource({
  address,
  cacheRoot,
  token,
}: {
  address: string
  cacheRoot: string
  token: string | null
}): ExperimentSource {
  const base = new URL(address.replace(/^mlflow\+/, ''))
  const name = `MLflow server ${base.origin}`
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  }
  const server = { base, name, headers }
  return {
    name,
    async find(id, signal) {
      if (!experimentIdSchema.safeParse(id).success) return null
      const run = await findRun(server, id, signal)
      if (run === null) return null
      const artifacts = await listArtifacts(server, run.info.run_id, signal)
      const experiment = await experimentOf(server, run, id, artifacts, signal)
      return {
        experiment,
        origin: `${name} run ${run.info.run_id}`,
        profile: profileOf(server, run.info.run_id, artifacts, cacheRoot),
        links: [{ title: 'MLflow run', uri: new URL(`/#/experiments/${run.info.experiment_id}/runs/${run.info.run_id}`, base).href }],
      }
    },
    async list(limit, signal) {
      const runs = await searchRuns(server, '', Math.min(limit, 1000), signal)
      return runs.map((run) => run.info.run_name ?? run.info.run_id)
    },
  }
}

interface Server {
  base: URL
  name: string
  headers: Record<string, string>
}

async function findRun(server: Server, id: string, signal: AbortSignal): Promise<MlflowRun | null> {
  const byName = await searchRuns(server, `attributes.run_name = '${id}'`, 2, signal)
  const [run, other] = byName
  if (run && other) {
    throw new PromptsError(
      'ambiguous_experiment',
      `${server.name} has two runs named ${id}: ${byName.map((one) => one.info.run_id).join(' and ')}`,
      { hint: 'Name the one you mean by its run id.' },
    )
  }
  if (run) return run
  return /^[0-9a-f]{32}$/.test(id) ? ((await searchRuns(server, `attributes.run_id = '${id}'`, 1, signal))[0] ?? null) : null
}

async function searchRuns(server: Server, filter: string, limit: number, signal: AbortSignal): Promise<MlflowRun[]> {
  const experiments = z
    .object({ experiments: z.array(z.object({ experiment_id: z.string() })).default([]) })
    .parse(await call(server, 'experiments/search', { max_results: 1000 }, signal))
  if (experiments.experiments.length === 0) return []
  const body = {
    experiment_ids: experiments.experiments.map((one) => one.experiment_id),
    filter,
    max_results: limit,
    order_by: ['attributes.start_time DESC'],
  }
  return z.object({ runs: z.array(runSchema).default([]) }).parse(await call(server, 'runs/search', body, signal)).runs
}

async function call(server: Server, path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
  const response = await request(new URL(`${api}/${path}`, server.base), server.name, signal, {
    method: 'POST',
    headers: server.headers,
    body: JSON.stringify(body),
  })
  if (!response.ok)
    throw new PromptsError('unavailable', `${server.name} answered ${response.status} to ${path}`, {
      hint: 'Check the address and MLFLOW_TRACKING_TOKEN.',
    })
  return readJson(response, server.name)
}

/** Every artifact below the run's root, files only. */
async function listArtifacts(server: Server, runId: string, signal: AbortSignal): Promise<{ path: string; bytes: number | null }[]> {
  const files: { path: string; bytes: number | null }[] = []
  const folders = ['']
  for (let visited = 0; folders.length > 0 && visited < maxFolders && files.length <= profileFetchLimits.maxFiles; visited++) {
    const folder = folders.shift()!
    const url = new URL(`${api}/artifacts/list`, server.base)
    url.searchParams.set('run_id', runId)
    if (folder !== '') url.searchParams.set('path', folder)
    const response = await request(url, server.name, signal, { headers: server.headers })
    if (!response.ok)
      throw new PromptsError('unavailable', `${server.name} answered ${response.status} when its artifacts were listed`, {
        hint: 'See its log.',
      })
    const reply = z.object({ files: z.array(artifactSchema).default([]) }).parse(await readJson(response, server.name))
    for (const entry of reply.files) {
      if (entry.is_dir) folders.push(entry.path)
      else files.push({ path: entry.path, bytes: entry.file_size ?? null })
    }
  }
  return files
}

async function experimentOf(
  server: Server,
  run: MlflowRun,
  id: string,
  artifacts: { path: string }[],
  signal: AbortSignal,
): Promise<Experiment | null> {
  if (artifacts.some((artifact) => artifact.path === 'experiment.yaml')) {
    const text = await readText(await artifact(server, run.info.run_id, 'experiment.yaml', signal), server.name, maxExperimentBytes)
    return parseExperiment(text, `experiment.yaml of ${server.name} run ${run.info.run_id}`)
  }
  const data = experimentFromParams(run.data.params)
  if (data === null) return null
  return parseWithSchema(experimentSchema, { id, ...data }, `params of ${server.name} run ${run.info.run_id}`)
}

/** Params with the names of an experiment file's keys, dots between levels; null when the run has none of them. Other params are passed over. */
export function experimentFromParams(params: readonly { key: string; value: string }[]): Record<string, unknown> | null {
  const data: Record<string, unknown> = {}
  const tops = new Set(Object.keys(experimentSchema.shape))
  for (const { key, value } of params) {
    const [top, inner, ...rest] = key.split('.')
    if (top === undefined || !tops.has(top) || top === 'profile' || rest.length > 0) continue
    if (inner === undefined) data[top] = scalar(value)
    else {
      const level = typeof data[top] === 'object' && data[top] !== null ? (data[top] as Record<string, unknown>) : Object.create(null)
      level[inner] = scalar(value)
      data[top] = level
    }
  }
  return 'hardware' in data ? JSON.parse(JSON.stringify(data)) : null
}

function scalar(text: string): unknown {
  if (text === 'True' || text === 'true') return true
  if (text === 'False' || text === 'false') return false
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text
}

function profileOf(
  server: Server,
  runId: string,
  artifacts: { path: string; bytes: number | null }[],
  cacheRoot: string,
): ProfileHandle | null {
  const spaces = artifacts.filter(({ path }) => /\.xplane\.pb(\.gz)?$/.test(path))
  if (spaces.length === 0) return null
  return {
    name: `${server.name} run ${runId}`,
    async open(signal) {
      const files: RemoteFile[] = spaces.map(({ path, bytes }) => ({
        path,
        bytes,
        open: async (inner) => bodyOf(await artifact(server, runId, path, inner)),
      }))
      const folder = await fetchInto(cacheRoot, `${server.base.origin}/${runId}`, files, profileFetchLimits, signal)
      const top = commonFolder(spaces.map(({ path }) => path))
      return top === '' ? folder : `${folder}/${top}`
    },
  }
}

/** The deepest folder that holds all of the paths. */
function commonFolder(paths: readonly string[]): string {
  const split = paths.map((path) => path.split('/').slice(0, -1))
  const first = split[0] ?? []
  let depth = 0
  while (depth < first.length && split.every((parts) => parts[depth] === first[depth])) depth++
  return first.slice(0, depth).join('/')
}

async function artifact(server: Server, runId: string, path: string, signal: AbortSignal): Promise<Response> {
  const url = new URL('/get-artifact', server.base)
  url.searchParams.set('run_uuid', runId)
  url.searchParams.set('path', path)
  const response = await request(url, server.name, signal, { headers: server.headers })
  if (!response.ok)
    throw new PromptsError('unavailable', `${server.name} answered ${response.status} for the artifact ${path}`, { hint: 'See its log.' })
  return response
}
