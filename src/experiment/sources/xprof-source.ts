import { experimentIdSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import type { ExperimentSource, LoadedExperiment, ProfileHandle } from './experiment-source.ts'
import { fetchInto, profileFetchLimits, type RemoteFile } from './fetch-cache.ts'
import { bodyOf, readJson, request } from './http.ts'

/** The tools whose replies make a report; a run may lack some. */
const tools = ['overview_page', 'op_profile', 'hlo_stats', 'roofline_model', 'memory_profile', 'input_pipeline_analyzer'] as const
const api = '/data/plugin/profile'

/**
 * Runs of an XProf server (`xprof+http://host:port`): a run's name is its id, or its folder's where it lies in one. A server holds profiles only, so an experiment found here is a
 * profile alone, unless another source has the experiment.
 */
export function xprofSource({ address, cacheRoot }: { address: string; cacheRoot: string }): ExperimentSource {
  const base = new URL(address.replace(/^xprof\+/, ''))
  const name = `XProf server ${base.origin}`
  const runs = async (signal: AbortSignal): Promise<string[]> => {
    const reply = await readJson(await request(new URL(`${api}/runs`, base), name, signal), name)
    if (!Array.isArray(reply))
      throw new PromptsError('unavailable', `${name} did not answer with a list of runs`, { hint: 'Is it an XProf server?' })
    return reply.filter((run): run is string => typeof run === 'string' && run.length <= 500)
  }
  return {
    name,
    async find(id, signal) {
      if (!experimentIdSchema.safeParse(id).success) return null
      const all = await runs(signal)
      // a folder of runs, as MaxText and TensorBoard leave it: the newest
      const run = all.includes(id)
        ? id
        : all
            .filter((name) => name.startsWith(`${id}/`))
            .sort()
            .at(-1)
      return run === undefined ? null : runOf(base, run, cacheRoot)
    },
    list: async (limit, signal) => [...new Set((await runs(signal)).map((run) => run.split('/')[0] ?? run))].slice(0, limit),
  }
}

/** One run of a server, as a profile alone with links to the server's pages. */
export function runOf(base: URL, run: string, cacheRoot: string): LoadedExperiment {
  const name = `XProf server ${base.origin}`
  const profile: ProfileHandle = {
    name: `${base.origin} run ${run}`,
    async open(signal) {
      const available = await toolsOf(base, run, name, signal)
      const files: RemoteFile[] = available.map((tool) => ({
        path: `${tool}.json`,
        bytes: null,
        open: async (inner) => bodyOf(await dataOf(base, run, tool, name, inner)),
      }))
      if (files.length === 0)
        throw new PromptsError('bad_profile', `${name} has no tool for run ${run}`, {
          hint: 'Open the run in XProf once and see whether it shows an overview.',
        })
      return fetchInto(cacheRoot, `${base.origin}/${run}`, files, profileFetchLimits, signal)
    },
  }
  // as XProf's own address bar has it; what stands behind a # it does not read
  const page = (tool: string) => new URL(`/?run=${encodeURIComponent(run)}&tag=${tool}`, base).href
  return {
    experiment: null,
    origin: name,
    profile,
    links: [
      { title: 'XProf overview', uri: page('overview_page') },
      { title: 'XProf op profile', uri: page('op_profile') },
    ],
  }
}

async function toolsOf(base: URL, run: string, name: string, signal: AbortSignal): Promise<string[]> {
  const url = new URL(`${api}/run_tools`, base)
  url.searchParams.set('run', run)
  const response = await request(url, name, signal)
  if (response.status === 404) throw new PromptsError('unknown_experiment', `${name} has no run ${run}`, { hint: 'See its list of runs.' })
  const reply = await readJson(response, name)
  return tools.filter((tool) => Array.isArray(reply) && reply.some((one) => one === tool || one === `${tool}^` || one === `${tool}@`))
}

async function dataOf(base: URL, run: string, tool: string, name: string, signal: AbortSignal): Promise<Response> {
  const hosts = new URL(`${api}/hosts`, base)
  hosts.searchParams.set('run', run)
  hosts.searchParams.set('tag', tool)
  const listed = await readJson(await request(hosts, name, signal), name)
  const names = (Array.isArray(listed) ? listed : []).map((one) =>
    typeof one === 'string' ? one : String((one as { hostname?: unknown } | null)?.hostname ?? ''),
  )
  const url = new URL(`${api}/data`, base)
  url.searchParams.set('run', run)
  url.searchParams.set('tag', tool)
  url.searchParams.set('host', names.includes('ALL_HOSTS') ? 'ALL_HOSTS' : (names[0] ?? ''))
  const response = await request(url, name, signal)
  if (!response.ok)
    throw new PromptsError('bad_profile', `${name} answered ${response.status} for ${tool} of run ${run}`, {
      hint: 'Open that page in XProf; the run may be incomplete.',
    })
  return response
}
