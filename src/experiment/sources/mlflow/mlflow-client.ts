import { z } from 'zod'
import { PromptsError } from '../../../errors.ts'
import { parseReply, readJson, request } from '../http.ts'
import { type ServerAddress, serverUrl } from '../server-address.ts'

const api = 'api/2.0/mlflow'
const pageSize = 1000
const maxExperiments = 100_000
const experimentsFreshMs = 60_000
const maxHistory = 200_000

const pair = z.object({ key: z.string(), value: z.string() })

const mlflowRunSchema = z.object({
  info: z.object({
    run_id: z.string().regex(/^[0-9a-f]{32}$/),
    experiment_id: z.string().max(100),
    run_name: z.string().nullish(),
    status: z.string().max(50).nullish(),
    start_time: z.coerce.number().nullish(),
    end_time: z.coerce.number().nullish(),
    user_id: z.string().max(200).nullish(),
    lifecycle_stage: z.string().max(50).nullish(),
  }),
  data: z
    .object({
      params: z.array(pair).default([]),
      tags: z.array(pair).default([]),
      metrics: z.array(z.object({ key: z.string(), value: z.unknown() })).default([]),
    })
    .default({ params: [], tags: [], metrics: [] }),
})
export type MlflowRun = z.infer<typeof mlflowRunSchema>

const experimentsSchema = z.object({
  experiments: z.array(z.object({ experiment_id: z.string(), name: z.string().nullish() })).default([]),
  next_page_token: z.string().nullish(),
})
const runsSchema = z.object({ runs: z.array(mlflowRunSchema).default([]), next_page_token: z.string().nullish() })
const historySchema = z.object({
  metrics: z.array(z.object({ value: z.coerce.number(), step: z.coerce.number().default(0) })).default([]),
  next_page_token: z.string().nullish(),
})

/** What is asked of an MLflow server, read only. */
export interface MlflowClient {
  /** A run by its id, or null; a deleted one is null. */
  run(id: string, signal: AbortSignal): Promise<MlflowRun | null>
  /** The newest runs that match a filter, at most `limit` (one page). */
  search(filter: string, limit: number, signal: AbortSignal): Promise<MlflowRun[]>
  /** All runs that match a filter, newest first, a page at a time. */
  pages(filter: string, size: number, signal: AbortSignal): AsyncGenerator<MlflowRun[]>
  /** Every value that a metric had, in order of its steps. */
  history(run: string, metric: string, signal: AbortSignal): Promise<{ step: number; value: number }[]>
  get(path: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown>
}

/**
 * A client of one server; which experiments there are is asked once a minute. `?experiment=NAME` or `#/experiments/ID` narrows it
 * to one.
 */
export function createMlflowClient(server: ServerAddress): MlflowClient {
  const headers = { 'content-type': 'application/json', ...server.headers }
  let experiments: { ids: Promise<string[]>; atMs: number } | null = null
  const call = async (path: string, body: Record<string, unknown>, signal: AbortSignal): Promise<unknown> =>
    answerOf(
      await request(serverUrl(server, `${api}/${path}`), server.name, signal, { method: 'POST', headers, body: JSON.stringify(body) }),
      path,
    )
  const answerOf = async (response: Response, path: string): Promise<unknown> => {
    if (!response.ok)
      throw new PromptsError('unavailable', `${server.name} answered ${response.status} to ${path}`, {
        hint: 'Is it an MLflow server, and the base path right?',
      })
    return readJson(response, server.name)
  }
  const listExperiments = async (signal: AbortSignal): Promise<string[]> => {
    const ids: string[] = []
    let token: string | null | undefined
    do {
      const body = { max_results: pageSize, ...(token ? { page_token: token } : {}) }
      const page = parseReply(experimentsSchema, await call('experiments/search', body, signal), server.name)
      const wanted = narrowing(server)
      for (const one of page.experiments)
        if (wanted === null || one.experiment_id === wanted || one.name === wanted) ids.push(one.experiment_id)
      token = page.next_page_token
    } while (token && ids.length < maxExperiments)
    return ids
  }
  const experimentIds = (signal: AbortSignal): Promise<string[]> => {
    if (experiments === null || Date.now() - experiments.atMs > experimentsFreshMs) {
      const asked = { ids: listExperiments(signal), atMs: Date.now() }
      asked.ids.catch(() => {
        if (experiments === asked) experiments = null
      })
      experiments = asked
    }
    return experiments.ids
  }
  async function* pages(filter: string, size: number, signal: AbortSignal): AsyncGenerator<MlflowRun[]> {
    const ids = await experimentIds(signal)
    let token: string | null | undefined
    if (ids.length === 0) return
    do {
      const order = { max_results: Math.min(size, pageSize), order_by: ['attributes.start_time DESC'] }
      const body = { experiment_ids: ids, filter, ...order, ...(token ? { page_token: token } : {}) }
      const page = parseReply(runsSchema, await call('runs/search', body, signal), server.name)
      yield page.runs
      token = page.next_page_token
    } while (token)
  }
  return {
    async run(id, signal) {
      const response = await request(serverUrl(server, `${api}/runs/get`, { run_id: id }), server.name, signal, { headers })
      if (response.status === 404 || response.status === 400) return null
      const { run } = parseReply(z.object({ run: mlflowRunSchema }), await answerOf(response, 'runs/get'), server.name)
      return run.info.lifecycle_stage === 'deleted' ? null : run
    },
    async search(filter, limit, signal) {
      for await (const runs of pages(filter, limit, signal)) return runs
      return []
    },
    pages,
    async history(run, metric, signal) {
      const values: { step: number; value: number }[] = []
      let token: string | null | undefined
      do {
        const query = { run_id: run, metric_key: metric, max_results: '25000', ...(token ? { page_token: token } : {}) }
        const response = await request(serverUrl(server, `${api}/metrics/get-history`, query), server.name, signal, { headers })
        if (response.status === 404) return values
        const page = parseReply(historySchema, await answerOf(response, 'metrics/get-history'), server.name)
        values.push(...page.metrics.map(({ step, value }) => ({ step, value })))
        token = page.next_page_token
      } while (token && values.length < maxHistory)
      return values
    },
    get: async (path, query, signal) =>
      answerOf(await request(serverUrl(server, `${api}/${path}`, query), server.name, signal, { headers }), path),
  }
}

/** The one experiment that the address names, by its id or name. */
function narrowing(server: ServerAddress): string | null {
  const named = server.query.get('experiment')
  if (named !== null && named !== '') return named
  const id = /^#\/(?:experiments\/)?([^/?]+)/.exec(server.fragment)?.[1]
  return id === undefined ? null : decodeURIComponent(id)
}
