import { experimentIdSchema } from '../../contract/experiment.ts'
import { PromptsError } from '../../errors.ts'
import { nearest } from '../../text/nearest.ts'
import type { ExperimentSource, LoadedExperiment } from '../sources/experiment-source.ts'
import { askSources, type SourceAnswer } from './ask-sources.ts'
import { joinRuns } from './join-runs.ts'
import { type FindContext, settleRun } from './settle-run.ts'

const listLimit = 20_000
/** A single source has nobody to wait for it. */
const aloneDeadlineMs = 25_000

export interface FindOptions {
  context: FindContext
  /** How long a source may take when others are asked too. */
  deadlineMs: number
  /** Where profiles of servers and buckets are kept. */
  cacheRoot: string
  /**
   * Who asks, where not everyone may see everything: then only these ids are suggested, and no address is named. Null for the
   * operator.
   */
  audience: ((id: string) => boolean) | null
}

/**
 * Looks a run up in every source at the same time. Safe for ids that arrive through Slack: it never reads a path.
 * @throws PromptsError `unknown_experiment` with the nearest ids, `ambiguous_experiment`, `slice_unknown`, `unavailable` when it
 *   was not found and
 * not every source answered.
 */
export async function findExperiment(
  id: string,
  sources: readonly ExperimentSource[],
  signal: AbortSignal,
  options: FindOptions,
): Promise<LoadedExperiment> {
  try {
    return await lookUp(id, sources, signal, options)
  } catch (error) {
    throw options.audience !== null && error instanceof PromptsError ? withoutAddresses(id, error, sources) : error
  }
}

async function lookUp(
  id: string,
  sources: readonly ExperimentSource[],
  signal: AbortSignal,
  options: FindOptions,
): Promise<LoadedExperiment> {
  const deadlineMs = sources.length > 1 ? options.deadlineMs : Math.max(options.deadlineMs, aloneDeadlineMs)
  const answers = await askSources(sources, (source, inner) => source.find(id, inner), deadlineMs, signal)
  const silent = answers.filter((answer) => answer.failure !== null)
  const hits = answers.flatMap(({ value }) => (value === null ? [] : [value]))
  const { place } = hits.length > 1 ? { ...(await options.context.answers?.recall(id)), ...options.context.said } : {}
  const found = joinRuns(id, hits, place === undefined ? null : Number(place))
  if (found !== null) {
    const loaded = await settleRun(found, options.context, signal)
    return { ...loaded, notes: [...(loaded.notes ?? []), ...silent.map((answer) => notAsked(answer, options))] }
  }
  if (silent.length > 0) throw unavailable(id, silent, options)
  throw await unknown(id, sources, { ...options, deadlineMs }, signal)
}

/** The error as those may read it who are not to know where the operator keeps things. */
function withoutAddresses(id: string, error: PromptsError, sources: readonly ExperimentSource[]): PromptsError {
  const hide = (text: string) =>
    sources.reduce((hidden, source) => hidden.replaceAll(source.name.slice(kindOf(source).length).trim(), '…'), text)
  const first = error.code === 'slice_unknown' ? error.choices[0] : undefined
  const said = first && `Say it once: diagnose ${id} on ${first.value}. It can be ${error.choices.map(({ value }) => value).join(', ')}.`
  const [message, hint] = [hide(error.message), said ?? hide(error.hint)]
  if (message === error.message && hint === error.hint) return error
  return new PromptsError(error.code, message, { hint, cause: error, retryable: error.retryable, choices: error.choices })
}

function notAsked({ source, failure }: SourceAnswer<unknown>, { audience }: FindOptions): string {
  const what = audience === null ? failure?.message : `${kindOf(source) || 'a source'} did not answer`
  return `${what}: what it has of this run is not used`
}

function unavailable(id: string, silent: readonly SourceAnswer<unknown>[], { audience }: FindOptions): PromptsError {
  const [first] = silent
  const reasons = audience === null ? silent.map(({ failure }) => failure?.message) : silent.map(({ source }) => kindOf(source))
  return new PromptsError('unavailable', `${id} was not found, and not every source answered: ${reasons.join('; ')}`, {
    hint: (audience === null && first?.failure?.hint) || 'Try again when it is reachable; `prompts doctor` tells.',
    cause: first?.failure,
  })
}

async function unknown(id: string, sources: readonly ExperimentSource[], options: FindOptions, signal: AbortSignal): Promise<PromptsError> {
  const { audience } = options
  const lists = await askSources(sources, (source, inner) => source.list(listLimit, inner), options.deadlineMs, signal).catch(() => [])
  const visible = lists
    .flatMap(({ value }) => value ?? [])
    .map((entry) => entry.id)
    .filter((one) => one !== id && (audience === null || audience(one)))
  const near = nearest(id, new Set(visible), 3)
  const where = audience === null ? ` in ${sources.map((source) => source.name).join(', ')}` : ''
  const odd = !experimentIdSchema.safeParse(id).success
  return new PromptsError('unknown_experiment', odd ? `"${id}" cannot be a run's id${where}` : `No experiment ${id}${where}`, {
    hint: odd
      ? 'An id is letters, digits, ".", "_" and "-". A run of MLflow whose name has other characters is found by its run id.'
      : near.length > 0
        ? `Nearest: ${near.join(', ')}`
        : visible.length > 0
          ? `There are: ${visible.slice(0, 5).join(', ')}`
          : 'No source has any experiment.',
    choices: near.map((one) => ({ label: one, value: one })),
  })
}

/** `MLflow server`, `bucket`: what a source is, without where. */
function kindOf(source: ExperimentSource): string {
  return /^(folder|bucket|[A-Za-z ]+ server|[A-Za-z ]+ project)/.exec(source.name)?.[1] ?? ''
}
