import type { Config } from '../config.ts'
import type { LineAnswer, LineJob, LineJobs, LineReading } from '../contract/line-job.ts'
import { costNotes } from '../experiment/one-line/cost-notes.ts'
import { readOfLine } from '../experiment/one-line/read-of-line.ts'
import { readOneLine } from '../experiment/one-line/read-one-line.ts'
import { readSizeLine } from '../experiment/one-line/read-size-line.ts'
import type { Vocabulary } from '../experiment/one-line/vocabulary.ts'
import { resolveWorkload } from '../experiment/resolve-workload.ts'
import { openCatalog } from '../knowledge/data/catalog.ts'
import { nearestWords } from '../planner/describe-nearest.ts'
import { unmetObjective } from '../planner/slo.ts'
import type { HeavyWork } from '../threads/heavy-work.ts'
import { lineVocabulary } from './open-line.ts'

/** Meshes of a plan that are handed on: enough to look for one that meets an objective. */
const planned = 50

/** Jobs of one line for the bot, planned beside what it serves meanwhile. */
export function openLineJobs(config: Config, heavy: HeavyWork): LineJobs {
  const vocabulary = lineVocabulary(config)
  return {
    read: (text): LineReading => readOfLine(text, vocabulary),
    answer: (job, signal) =>
      job.verb === 'plan' ? planLine(job, { config, heavy, vocabulary }, signal) : sizeLine(job, { heavy, vocabulary }, signal),
  }
}

interface Given {
  config: Config
  heavy: HeavyWork
  vocabulary: Vocabulary
}

async function planLine({ lines }: LineJob, { config, heavy, vocabulary }: Given, signal: AbortSignal): Promise<LineAnswer> {
  const [first = '', ...changes] = lines
  const line = readOneLine(first, vocabulary, changes)
  const catalog = openCatalog(line.goodput === null ? config : { ...config, PROMPTS_GOODPUT: line.goodput })
  const workload = resolveWorkload(line.experiment, catalog)
  const plan = await heavy.plan({ workload, top: planned }, signal)
  const assumptions = [...line.assumptions, ...(workload.notes ?? []), ...costNotes([workload])]
  const lead = [unmetObjective(workload, plan.ranked), nearestWords(plan)].filter((text) => text !== null).join(' ')
  return { verb: 'plan', plan: { ...plan, assumptions, experiment_file: line.file }, lead: lead === '' ? null : lead }
}

async function sizeLine({ lines }: LineJob, { heavy, vocabulary }: Omit<Given, 'config'>, signal: AbortSignal): Promise<LineAnswer> {
  const [first = '', ...changes] = lines
  const { assumptions, budget, ladders } = readSizeLine(first, vocabulary, changes)
  return { verb: 'size', size: { job: lines.join('; '), assumptions, options: await heavy.size({ ladders, budget }, signal) } }
}
