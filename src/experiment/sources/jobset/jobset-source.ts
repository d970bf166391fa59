import { z } from 'zod'
import { PromptsError } from '../../../errors.ts'
import { splitSlice } from '../../find/slice-of-run.ts'
import { type ExperimentSource, emptyEntry, type RunEntry } from '../experiment-source.ts'
import { parseReply, readJson, request } from '../http.ts'
import { type ServerAddress, serverUrl } from '../server-address.ts'
import { type JobSet, jobSetSchema, runNamesOf, sliceOfJobSet } from './read-jobset.ts'

const pageSize = 500
const maxJobSets = 20_000
const pageSchema = z.looseObject({
  items: z.array(z.unknown()),
  metadata: z.looseObject({ continue: z.string().nullish() }).nullish(),
})

/**
 * JobSets of a Kubernetes cluster (`jobset+https://host?namespace=team`): they say exactly on which slices a run runs. What ran,
 * and its profile, come from the source that has the run's folder.
 */
export function jobSetSource({ server }: { server: ServerAddress }): ExperimentSource {
  return {
    name: server.name,
    async find(id, signal) {
      const found = (await jobSets(server, signal)).filter((one) => runNamesOf(one).includes(id))
      const newest = found.sort((a, b) => (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '')).at(-1)
      if (newest === undefined) return null
      const { name, namespace } = newest.metadata
      const note = found.length > 1 ? [`${found.length} JobSets go by this name; the newest was read`] : []
      return {
        ...{ id, origin: `${server.name} JobSet ${namespace ?? 'default'}/${name}`, experiment: null, draft: null },
        ...{ slice: sliceOfJobSet(newest), profile: null, links: [], notes: note },
      }
    },
    list: async (limit, signal) => (await jobSets(server, signal)).map(entryOf).slice(0, limit),
  }
}

function entryOf(jobSet: JobSet): RunEntry {
  const slice = sliceOfJobSet(jobSet)
  const { chip, topology } = splitSlice(slice?.slice ?? '')
  const at = Date.parse(jobSet.metadata.creationTimestamp ?? '')
  return {
    id: runNamesOf(jobSet).at(-1)!,
    ...emptyEntry,
    ...(chip === null ? {} : { chip, topology }),
    at: Number.isNaN(at) ? null : new Date(at).toISOString(),
  }
}

async function jobSets(server: ServerAddress, signal: AbortSignal): Promise<JobSet[]> {
  const namespace = server.query.get('namespace')
  const path = `apis/jobset.x-k8s.io/v1alpha2/${namespace === null ? '' : `namespaces/${encodeURIComponent(namespace)}/`}jobsets`
  const found: JobSet[] = []
  let next: string | null | undefined
  do {
    const query = { limit: String(pageSize), ...(next ? { continue: next } : {}) }
    const response = await request(serverUrl(server, path, query), server.name, signal, { headers: server.headers })
    if (!response.ok)
      throw new PromptsError('unavailable', `${server.name} answered ${response.status} for its JobSets`, {
        hint: 'Is JobSet installed there, and the base path right?',
      })
    const page = parseReply(pageSchema, await readJson(response, server.name), server.name)
    for (const item of page.items) {
      const parsed = jobSetSchema.safeParse(item)
      if (parsed.success) found.push(parsed.data)
    }
    next = page.metadata?.continue
  } while (next && found.length < maxJobSets)
  return found
}
