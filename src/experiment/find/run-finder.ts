import { join } from 'node:path'
import type { Config } from '../../config.ts'
import type { Answers } from '../../contract/answers.ts'
import { folderTexts } from '../../files/folder-texts.ts'
import { readDeviceType } from '../../profile/read-device-type.ts'
import { loadSubject } from '../load-experiment.ts'
import { configuredSources } from '../sources/create-sources.ts'
import type { ExperimentSource, LoadedExperiment, RunEntry } from '../sources/experiment-source.ts'
import { openAddress } from '../sources/open-address.ts'
import { isOf } from '../sources/workspace-address.ts'
import { askSources } from './ask-sources.ts'
import { type FindOptions, findExperiment } from './find-experiment.ts'
import { modulesOfProfile } from './modules-of-profile.ts'
import { createRunAnswers, type RunAnswers, scopedAnswers } from './run-answers.ts'
import { splitSlice } from './slice-of-run.ts'
import type { SliceTable } from './slice-table.ts'

/** Who asks: which ids they may know of; null for the operator, who may know all and is told addresses. */
export type Audience = FindOptions['audience']

/** A run in a list, and the source that has it. */
export type ListedRun = RunEntry & { source: string }

export interface OpenOptions {
  /** What the operator says of the run where nothing else says it. */
  said?: Answers
  /** Only the profile is wanted: it is not opened to see what ran. */
  profileOnly?: boolean
}

/** Everything that finds runs, as the operator configured it. */
export interface RunFinder {
  sources: readonly ExperimentSource[]
  /** A run by its id, for people who may name nothing else. @throws PromptsError as `findExperiment` does. */
  find(id: string, signal: AbortSignal, audience: Audience, said?: Answers): Promise<LoadedExperiment>
  /** What an operator names: an id, a file, a folder, a run's address; with what they say of it. */
  open(subject: string, signal: AbortSignal, options?: OpenOptions): Promise<LoadedExperiment>
  /** The same for the people of one workspace: of the sources only those that it may reach. */
  forWorkspace(workspace: string): WorkspaceFinder
  /** What there is, newest first, and the sources that did not answer. `words` must all occur in an id, model, chip or source. */
  list(options: { words: readonly string[]; limit: number; audience: Audience; signal: AbortSignal }): Promise<{
    runs: ListedRun[]
    silent: string[]
  }>
}

/** What a workspace finds, and where its people's answers are kept. */
export interface WorkspaceFinder extends Pick<RunFinder, 'find' | 'list'> {
  answers: RunAnswers
}

const listLimit = 50_000
/** Of so many runs of a list it is looked up what someone said of them. */
const mostRecalled = 50

/**
 * The finder of the operator's sources. `answers`: where the runs are kept, which may be shared by hosts; in PROMPTS_HOME if not
 * given.
 */
export function createRunFinder(config: Config, table: SliceTable, given?: RunAnswers): RunFinder {
  const cacheRoot = join(config.PROMPTS_HOME, 'fetched')
  const configured = configuredSources(config)
  const sources = configured.map(({ source }) => source)
  const answers = given ?? createRunAnswers({ store: folderTexts(config.PROMPTS_HOME), now: () => new Date() })
  const deadlineMs = config.PROMPTS_SOURCE_SECONDS * 1000
  // where workspaces have runs of their own, one name is not one run
  const apart = configured.some(({ of }) => of.workspaces !== null && of.workspaces !== 'all')
  const optionsFor = (audience: Audience, of: RunAnswers, said: Answers): FindOptions => ({
    context: { answers: of, table, deviceType: readDeviceType, modules: modulesOfProfile, said },
    deadlineMs,
    cacheRoot,
    audience,
  })
  const over = (reached: readonly ExperimentSource[], of: RunAnswers): WorkspaceFinder => ({
    answers: of,
    find: (id, signal, audience, said = {}) => findExperiment(id, reached, signal, optionsFor(audience, of, said)),
    async list({ words, limit, audience, signal }) {
      const answered = await askSources(reached, (source, inner) => source.list(listLimit, inner), deadlineMs, signal)
      const wanted = words.map((word) => word.toLowerCase())
      const runs = answered
        .flatMap(({ source, value }) => (value ?? []).map((entry) => ({ ...entry, source: source.name })))
        .filter((run) => audience === null || audience(run.id))
        .filter((run) => wanted.every((word) => textOf(run).includes(word)))
        .sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''))
        .slice(0, limit)
      await Promise.all(runs.slice(0, mostRecalled).map((run) => (run.topology === null ? addSaid(run, of) : null)))
      return { runs, silent: answered.flatMap(({ failure }) => (failure === null ? [] : [failure.message])) }
    },
  })
  return {
    sources,
    ...over(sources, answers),
    forWorkspace: (workspace) =>
      over(
        configured.filter(({ of }) => isOf(of, workspace)).map(({ source }) => source),
        apart ? scopedAnswers(answers, workspace) : answers,
      ),
    async open(subject, signal, { said = {}, profileOnly = false } = {}) {
      const options = optionsFor(null, answers, said)
      if (profileOnly) options.context.modules = async () => []
      return (await openAddress(subject, config, options, signal)) ?? loadSubject(subject, sources, signal, options)
    },
  }
}

/** The slice that someone said, where the run itself does not. */
async function addSaid(run: ListedRun, answers: RunAnswers): Promise<void> {
  const { slice } = await answers.recall(run.id).catch((): Answers => ({}))
  if (slice !== undefined) Object.assign(run, splitSlice(slice))
}

function textOf(run: ListedRun): string {
  return [run.id, run.model, run.chip, run.topology, run.phase, run.source].join(' ').toLowerCase()
}
