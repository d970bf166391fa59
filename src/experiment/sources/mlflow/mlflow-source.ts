import { experimentIdSchema } from '../../../contract/experiment.ts'
import { PromptsError } from '../../../errors.ts'
import { isSliceName } from '../../find/slice-of-run.ts'
import { maxExperimentBytes, readExperiment } from '../../parse-experiment.ts'
import { maxTextDraft } from '../../run-folder/maxtext-draft.ts'
import { isMaxText } from '../../run-folder/run-record.ts'
import { differingSettings } from '../../settings/diff-settings.ts'
import { shownValue } from '../../settings/shown-value.ts'
import type { ExperimentSource, FoundRun } from '../experiment-source.ts'
import { readText } from '../http.ts'
import type { RunIndex } from '../run-index.ts'
import { type ServerAddress, serverUrl } from '../server-address.ts'
import { listMlflowRuns } from './list-mlflow-runs.ts'
import { listArtifacts, openArtifact, profileOfArtifacts } from './mlflow-artifacts.ts'
import { createMlflowClient, type MlflowClient, type MlflowRun } from './mlflow-client.ts'
import { experimentOfParams, sliceOfPairs } from './mlflow-params.ts'
import { measuredStepMs, stepsOfRun } from './mlflow-steps.ts'

const runsOfOneName = 20
/** So many settings tell namesakes apart. */
const toldSettings = 3

/**
 * Runs of an MLflow server (`mlflow+https://host`), by run name or run id. The experiment is the run's artifact
 * `experiment.yaml`, its params in the experiment file's own words with dots, or MaxText's settings logged as params; the profile
 * is the newest among its artifacts.
 */
export function mlflowSource({
  server,
  cacheRoot,
  index,
}: {
  server: ServerAddress
  cacheRoot: string
  index: RunIndex | null
}): ExperimentSource {
  const client = createMlflowClient(server)
  return {
    name: server.name,
    async find(id, signal) {
      if (!experimentIdSchema.safeParse(id).success) return null
      const found = await findRun(client, server, id, signal)
      return found === null ? null : describeRun(server, client, found.run, { id, note: found.note, cacheRoot, signal })
    },
    list: (limit, signal) => listMlflowRuns(client, { source: server.name, index, limit, signal }),
  }
}

/**
 * The run of a name: of several the only one that runs or finished. @throws PromptsError `ambiguous_experiment` with dates and
 * states to choose by.
 */
async function findRun(
  client: MlflowClient,
  server: ServerAddress,
  id: string,
  signal: AbortSignal,
): Promise<{ run: MlflowRun; note: string | null } | null> {
  if (/^[0-9a-f]{32}$/.test(id)) {
    const run = await client.run(id, signal)
    if (run !== null) return { run, note: null }
  }
  const named = await client.search(`attributes.run_name = '${id}'`, runsOfOneName, signal)
  const [first] = named
  if (first === undefined) return null
  if (named.length === 1) return { run: first, note: null }
  const good = named.filter(({ info }) => info.status === 'FINISHED' || info.status === 'RUNNING')
  const [only, other] = good
  if (only && !other) return { run: only, note: `${named.length - 1} other runs of this name failed or were stopped` }
  const differing = differingSettings(named.map(({ data }) => new Map(data.params.map(({ key, value }) => [key, value]))))
  const told = named.map((run) => ({ run, text: describe(run, differing) }))
  const list = told.map(({ run, text }) => `${run.info.run_id}, ${text}`).join('; ')
  throw new PromptsError('ambiguous_experiment', `${server.name} has ${named.length} runs named ${id}: ${list}`, {
    hint: 'Name the one you mean by its run id.',
    choices: told.map(({ run, text }) => ({ label: text, value: run.info.run_id })),
  })
}

/** When it started, how it ended, whose it is, and what is set otherwise than in its namesakes. */
function describe({ info, data }: MlflowRun, differing: readonly string[]): string {
  const started = info.start_time ? new Date(info.start_time).toISOString().slice(0, 16).replace('T', ' ') : null
  const settings = differing
    .slice(0, toldSettings)
    .map((name) => `${name}=${shownValue(name, data.params.find(({ key }) => key === name)?.value ?? null)}`)
  return [started, info.status?.toLowerCase(), info.user_id && `by ${info.user_id}`, ...settings].filter(Boolean).join(', ')
}

async function describeRun(
  server: ServerAddress,
  client: MlflowClient,
  run: MlflowRun,
  { id, note, cacheRoot, signal }: { id: string; note: string | null; cacheRoot: string; signal: AbortSignal },
): Promise<FoundRun> {
  const { run_id: runId, experiment_id: experimentId } = run.info
  const artifacts = await listArtifacts(client, runId, signal)
  const newest = profileOfArtifacts(server, runId, artifacts, cacheRoot)
  const found: FoundRun = {
    id,
    origin: `${server.name} run ${runId}`,
    experiment: null,
    draft: null,
    slice: null,
    profile: newest?.profile ?? null,
    links: [{ title: 'MLflow run', uri: `${serverUrl(server, '').href}#/experiments/${experimentId}/runs/${runId}` }],
    notes: [note, newest?.note ?? null].filter((one) => one !== null),
  }
  const slice = sliceOfPairs([...run.data.params, ...run.data.tags], isSliceName)
  if (slice !== null) found.slice = { slice: slice.slice, slices: null, from: `${slice.key} in MLflow` }
  if (artifacts.some((artifact) => artifact.path === 'experiment.yaml')) {
    const text = await readText(await openArtifact(server, runId, 'experiment.yaml', signal), server.name, maxExperimentBytes)
    const { experiment, notes } = readExperiment(text, `experiment.yaml of ${server.name} run ${runId}`)
    found.notes.push(...notes)
    // a file is copied from run to run; cases and adoptions belong to the run that was asked for
    if (experiment.id !== id) found.notes.push(`its experiment.yaml calls itself ${experiment.id}`)
    found.experiment = { ...experiment, id }
    return found
  }
  const settings = new Map(run.data.params.map(({ key, value }) => [key, value]))
  if (isMaxText(settings)) {
    found.draft = async (inner) => {
      const segments = await stepsOfRun(client, run, inner)
      return maxTextDraft({ settings, segments, newestMs: 0, tags: [], notes: [] }, id, null)
    }
    return found
  }
  const ours = experimentOfParams(run.data.params, id)
  if (ours === null) {
    if (run.data.params.length > 0) found.notes.push('its params do not say what ran in words that are known here')
  } else if ('problem' in ours) found.notes.push(`its params look like an experiment, but ${ours.problem}`)
  else {
    const stepMs = ours.experiment.measured === undefined ? await measuredStepMs(client, run, signal) : null
    found.experiment = stepMs === null ? ours.experiment : { ...ours.experiment, measured: { step_time_ms: stepMs } }
    if (stepMs !== null) found.notes.push('the measured step time is the median that the run logged')
  }
  return found
}
