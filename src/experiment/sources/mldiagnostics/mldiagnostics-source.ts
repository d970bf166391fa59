import { z } from 'zod'
import { experimentIdSchema } from '../../../contract/experiment.ts'
import { PromptsError } from '../../../errors.ts'
import { maxTextDraft } from '../../run-folder/maxtext-draft.ts'
import type { SliceAnswer } from '../../run-folder/run-draft.ts'
import { isMaxText } from '../../run-folder/run-record.ts'
import { type ExperimentSource, emptyEntry, type FoundRun, type RunEntry } from '../experiment-source.ts'
import { parseReply, readJson, request } from '../http.ts'

const publicEndpoint = 'https://hypercomputecluster.googleapis.com'
const scope = 'https://www.googleapis.com/auth/cloud-platform'
const pageSize = 500
const maxRuns = 10_000

const configs = z.record(z.string(), z.unknown()).nullish()
/** A MachineLearningRun of hypercomputecluster v1alpha as its REST form has it; what is not needed is passed over. */
const runSchema = z.looseObject({
  name: z.string().max(1000),
  displayName: z.string().max(1000).nullish(),
  configs: z.looseObject({ userConfigs: configs, softwareConfigs: configs, hardwareConfigs: configs }).nullish(),
  createTime: z.string().max(100).nullish(),
  endTime: z.string().max(100).nullish(),
})
type MlRun = z.infer<typeof runSchema>
const pageSchema = z.looseObject({ machineLearningRuns: z.array(runSchema).default([]), nextPageToken: z.string().nullish() })

export interface MlDiagnosticsOptions {
  /** `mldiagnostics://PROJECT/LOCATION` */
  address: string
  /** Another address that speaks the same protocol, without Google's credentials; from the operator's settings. */
  endpoint: string | null
}

/**
 * Runs of Google's ML Diagnostics: their settings (MaxText puts all of its own there) and the slice. Their profiles lie in a
 * bucket, which is read only where it is a source of its own: an address that a run names is not followed.
 */
export function mlDiagnosticsSource({ address, endpoint }: MlDiagnosticsOptions): ExperimentSource {
  const match = /^mldiagnostics:\/\/([a-z][a-z0-9:.-]{2,60})\/([a-z0-9-]+)\/?$/.exec(address)
  if (!match)
    throw new PromptsError('bad_config', `PROMPTS_EXPERIMENTS holds "${address}"`, {
      hint: 'It is written mldiagnostics://PROJECT/LOCATION.',
    })
  const parent = `projects/${match[1]}/locations/${match[2]}`
  const name = `ML Diagnostics project ${match[1]}/${match[2]}`
  const get = async (path: string, query: Record<string, string>, signal: AbortSignal): Promise<unknown> => {
    const url = new URL(`${endpoint ?? publicEndpoint}/v1alpha/${path}`)
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value)
    const response = await request(url, name, signal, { headers: endpoint === null ? await googleHeaders() : {} })
    if (response.status === 404) return null
    if (!response.ok)
      throw new PromptsError('unavailable', `${name} answered ${response.status}`, {
        hint: 'Check the project, the location and the permission hypercomputecluster.machineLearningRuns.list.',
      })
    return readJson(response, name)
  }
  const all = async (signal: AbortSignal): Promise<MlRun[]> => {
    const runs: MlRun[] = []
    let token: string | null | undefined
    do {
      const query = { pageSize: String(pageSize), ...(token ? { pageToken: token } : {}) }
      const page = parseReply(pageSchema, (await get(`${parent}/machineLearningRuns`, query, signal)) ?? {}, name)
      runs.push(...page.machineLearningRuns)
      token = page.nextPageToken
    } while (token && runs.length < maxRuns)
    return runs.sort((a, b) => (b.createTime ?? '').localeCompare(a.createTime ?? ''))
  }
  return {
    name,
    async find(id, signal) {
      if (!experimentIdSchema.safeParse(id).success) return null
      const exact = runSchema.safeParse(await get(`${parent}/machineLearningRuns/${encodeURIComponent(id)}`, {}, signal))
      if (exact.success) return foundRun(exact.data, id, name, [])
      const named = (await all(signal)).filter((run) => run.displayName === id || settingsOf(run).get('run_name') === id)
      const [newest] = named
      if (newest === undefined) return null
      return foundRun(
        newest,
        id,
        name,
        named.length > 1 ? [`${named.length} runs go by this name; the newest, ${idOf(newest)}, was read`] : [],
      )
    },
    list: async (limit, signal) => (await all(signal)).slice(0, limit).map(entryOf),
  }
}

function foundRun(run: MlRun, id: string, source: string, notes: string[]): FoundRun {
  const settings = settingsOf(run)
  const flags = run.configs?.softwareConfigs?.['xla_flags'] ?? run.configs?.softwareConfigs?.['xlaFlags']
  if (typeof flags === 'string' && !settings.has('libtpu_init_args')) settings.set('libtpu_init_args', flags)
  const record = { settings, segments: [], newestMs: 0, tags: [], notes: [] }
  return {
    ...{ id, origin: `${source} run ${idOf(run)}`, experiment: null, profile: null, links: [], notes },
    draft: isMaxText(settings) ? async () => maxTextDraft(record, id, null) : null,
    slice: sliceOf(run),
  }
}

/** The settings as their trainer names them; nested ones are somebody else's. */
function settingsOf({ configs: all }: MlRun): Map<string, string> {
  const settings = new Map<string, string>()
  for (const [key, value] of Object.entries(all?.userConfigs ?? {})) {
    if (value === null) settings.set(key, 'None')
    else if (typeof value === 'boolean') settings.set(key, value ? 'True' : 'False')
    else if (typeof value === 'string' || typeof value === 'number') settings.set(key, String(value))
  }
  return settings
}

/** `hardwareConfigs` names the kind of device and how many a slice has; the slice follows as it does from a profile. */
function sliceOf({ configs: all }: MlRun): SliceAnswer | null {
  const hardware = all?.hardwareConfigs ?? {}
  const value = (snake: string, camel: string) => hardware[snake] ?? hardware[camel]
  const type = value('device_type', 'deviceType')
  if (typeof type !== 'string' || type === '') return null
  const slices = Number(value('num_slices', 'numSlices') ?? Number.NaN)
  const devices = Number(value('devices_per_slice', 'devicesPerSlice') ?? Number.NaN)
  return {
    slice: type,
    slices: Number.isInteger(slices) && slices > 0 ? slices : null,
    from: 'ML Diagnostics',
    ...(Number.isInteger(devices) && devices > 0 ? { devices } : {}),
  }
}

function entryOf(run: MlRun): RunEntry {
  const settings = settingsOf(run)
  const name = run.displayName ?? ''
  return {
    id: experimentIdSchema.safeParse(name).success ? name : idOf(run),
    ...emptyEntry,
    topology: null,
    model: settings.get('model_name') ?? null,
    phase: isMaxText(settings) ? 'train' : null,
    at: run.endTime ?? run.createTime ?? null,
  }
}

function idOf({ name }: MlRun): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

/** The operator's own Google credentials, as every Google client finds them. */
async function googleHeaders(): Promise<Record<string, string>> {
  const { GoogleAuth } = await import('google-auth-library')
  try {
    const token = await new GoogleAuth({ scopes: [scope] }).getAccessToken()
    return token ? { authorization: `Bearer ${token}` } : {}
  } catch (cause) {
    throw new PromptsError('unavailable', 'ML Diagnostics asks for credentials, and this process has none', {
      hint: 'Give it some: gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS.',
      retryable: false,
      cause,
    })
  }
}
