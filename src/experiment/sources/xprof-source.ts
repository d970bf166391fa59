import { experimentIdSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { compareSessions } from '../../profile/session-order.ts'
import { type ExperimentSource, emptyEntry, type FoundRun, type ProfileHandle } from './experiment-source.ts'
import { fetchInto, type RemoteFile } from './fetch-cache.ts'
import { bodyOf, readJson, request } from './http.ts'
import { type ServerAddress, serverUrl } from './server-address.ts'
import { xprofApi, xprofPrograms } from './xprof-programs.ts'

/** The tools whose replies make a report; a run may lack some. The first alone makes a short one. */
const tools = [
  'overview_page',
  'op_profile',
  'hlo_stats',
  'roofline_model',
  'memory_profile',
  'input_pipeline_analyzer',
  'pod_viewer',
] as const
/** How long a tool may take that a report can do without: the first look at a big run is slow. */
const optionalToolMs = 45_000

/**
 * Runs of an XProf server (`xprof+http://host:port/base`): a run's name is its id, or a folder's that it lies in, and then the
 * newest session. A server holds profiles only, so what is found here is a profile alone, unless another source has the
 * experiment.
 */
export function xprofSource({ server, cacheRoot }: { server: ServerAddress; cacheRoot: string }): ExperimentSource {
  return {
    name: server.name,
    async find(id, signal) {
      if (!experimentIdSchema.safeParse(id).success) return null
      const sessions = sessionsOf(id, await runsOf(server, signal))
      const newest = sessions.at(-1)
      if (newest === undefined) return null
      const note = `${sessions.length} profile sessions are there; the newest, ${newest}, was read`
      return runOf(server, newest, { id, notes: sessions.length > 1 ? [note] : [], cacheRoot })
    },
    async list(limit, signal) {
      const ids = new Set((await runsOf(server, signal)).map(idOfRun))
      return [...ids].slice(0, limit).map((id) => ({ id, ...emptyEntry, has_profile: true }))
    },
  }
}

/** The sessions that an id means, oldest first: the run of that very name, or those that lie in a folder of that name. */
export function sessionsOf(id: string, runs: readonly string[]): string[] {
  if (runs.includes(id)) return [id]
  return runs
    .filter((run) => run.split('/').slice(0, -1).includes(id))
    .map((run) => ({ run, name: run.slice(run.lastIndexOf('/') + 1), changedMs: 0 }))
    .sort(compareSessions)
    .map(({ run }) => run)
}

/** `RUN/tensorboard/step_200/DATE` belongs to RUN. */
function idOfRun(run: string): string {
  return run.split('/')[0] ?? run
}

async function runsOf(server: ServerAddress, signal: AbortSignal): Promise<string[]> {
  const response = await request(serverUrl(server, `${xprofApi}/runs`), server.name, signal, { headers: server.headers })
  if (response.status === 404)
    throw new PromptsError('unavailable', `${server.name} has no XProf at this path`, {
      hint: 'Write the base path too, as the browser shows it before /data.',
    })
  const reply = await readJson(response, server.name)
  if (!Array.isArray(reply))
    throw new PromptsError('unavailable', `${server.name} did not answer with a list of runs`, { hint: 'Is it an XProf server?' })
  return reply.filter((run): run is string => typeof run === 'string' && run.length <= 500)
}

/**
 * The run that `xprof+http://host/BASE/RUN` names: a base path may have as many parts as a run's name, so the server that answers
 * decides.
 * @throws PromptsError `unknown_experiment`, `unavailable`
 */
export async function openXprofRun(address: ServerAddress, cacheRoot: string, signal: AbortSignal): Promise<FoundRun> {
  const parts = address.base.pathname.split('/').filter((part) => part !== '')
  let failure: unknown = null
  for (let taken = parts.length - 1; taken >= 0; taken--) {
    const base = new URL(
      `/${parts
        .slice(0, taken)
        .map((part) => `${part}/`)
        .join('')}`,
      address.base,
    )
    const server = { ...address, base, name: `XProf server ${base.href.replace(/\/$/, '')}` }
    const wanted = parts.slice(taken).map(decodeURIComponent).join('/')
    try {
      const runs = await runsOf(server, signal)
      const newest = runs.includes(wanted) ? wanted : sessionsOf(wanted, runs).at(-1)
      if (newest !== undefined) return runOf(server, newest, { id: wanted, notes: [], cacheRoot })
      failure ??= new PromptsError('unknown_experiment', `${server.name} has no run ${wanted}`, { hint: 'See its list of runs.' })
    } catch (error) {
      failure ??= error
    }
  }
  throw failure ?? new PromptsError('unknown_experiment', `${address.name}: no run is named`, { hint: 'Write xprof+http://host:port/RUN.' })
}

/** One run of a server, as a profile alone with links to the server's pages. */
function runOf(server: ServerAddress, run: string, { id, notes, cacheRoot }: { id: string; notes: string[]; cacheRoot: string }): FoundRun {
  const profile: ProfileHandle = {
    name: `${server.name} run ${run}`,
    async open(signal) {
      const available = await toolsOf(server, run, signal)
      const files = available.map(
        (tool): RemoteFile => ({
          path: `${tool}.json`,
          bytes: null,
          version: null,
          ...(tool === available[0] ? {} : { optionalMs: optionalToolMs }),
          open: async (inner) => bodyOf(await dataOf(server, run, tool, inner)),
        }),
      )
      if (files.length === 0)
        throw new PromptsError('bad_profile', `${server.name} has no tool for run ${run}`, {
          hint: 'Open the run in XProf once and see whether it shows an overview.',
        })
      return fetchInto(cacheRoot, `${server.base.href}${run}`, files, { signal })
    },
    programs: (signal) => xprofPrograms(server, run, signal),
  }
  // as XProf's own address bar has it; what stands behind a # it does not read
  const page = (tool: string) => serverUrl(server, '', { run, tag: tool }).href
  return {
    id,
    origin: server.name,
    experiment: null,
    draft: null,
    slice: null,
    profile,
    links: [
      { title: 'XProf overview', uri: page('overview_page') },
      { title: 'XProf op profile', uri: page('op_profile') },
    ],
    notes,
  }
}

async function toolsOf(server: ServerAddress, run: string, signal: AbortSignal): Promise<string[]> {
  const { name, headers } = server
  const response = await request(serverUrl(server, `${xprofApi}/run_tools`, { run }), name, signal, { headers })
  if (response.status === 404) throw new PromptsError('unknown_experiment', `${name} has no run ${run}`, { hint: 'See its list of runs.' })
  const reply = await readJson(response, name)
  return tools.filter((tool) => Array.isArray(reply) && reply.some((one) => one === tool || one === `${tool}^` || one === `${tool}@`))
}

async function dataOf(server: ServerAddress, run: string, tool: string, signal: AbortSignal): Promise<Response> {
  const { name, headers } = server
  const listed = await readJson(await request(serverUrl(server, `${xprofApi}/hosts`, { run, tag: tool }), name, signal, { headers }), name)
  const names = (Array.isArray(listed) ? listed : []).map((one) =>
    typeof one === 'string' ? one : String((one as { hostname?: unknown } | null)?.hostname ?? ''),
  )
  const host = names.includes('ALL_HOSTS') ? 'ALL_HOSTS' : (names[0] ?? '')
  const response = await request(serverUrl(server, `${xprofApi}/data`, { run, tag: tool, host }), name, signal, { headers })
  if (!response.ok)
    throw new PromptsError('bad_profile', `${name} answered ${response.status} for ${tool} of run ${run}`, {
      hint: 'Open that page in XProf; the run may be incomplete.',
    })
  return response
}
