import { readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exitCodes, PromptsError } from '../errors.ts'
import { calibrateWorkload } from '../planner/calibrate-workload.ts'
import { chooseCards } from '../planner/choose-cards.ts'
import { jobChips } from '../planner/model/model-flops.ts'
import { canonicalHash } from '../text/canonical-json.ts'
import { heavyWorkOfCommand } from '../threads/heavy-work.ts'
import { bestOf, runSearch, spentBy } from '../tuners/run-search.ts'
import { listedSpace, searchSpace } from '../tuners/search-space.ts'
import { measureByCommand } from '../tuners/trial-command.ts'
import { appendTrial, readTrials } from '../tuners/trial-log.ts'
import type { Run } from './command.ts'
import { openInstalledTuner } from './installed-tuner.ts'
import { notesOfWorkload, openWorkload } from './open-workload.ts'
import { openKeeper } from './search-keeper.ts'
import { endings, formatSearch, threadWords, trialWords } from './search-report.ts'
import { trialRequest } from './trial-request.ts'
import { writeStudy } from './write-study.ts'

export const run: Run<'search'> = async (context) => {
  const { positionals, flags, config, note, signal } = context
  const { workload, loaded } = await openWorkload(positionals[0]!, config, signal, flags.topology)
  for (const text of notesOfWorkload(loaded, workload)) note(text)
  const { ranked } = await heavyWorkOfCommand().plan({ workload }, signal)
  const cards = chooseCards(ranked, { workload, calibration: calibrateWorkload({ workload }) })
  const space =
    flags.meshes === undefined ? searchSpace(ranked, cards) : listedSpace(readFileSync(flags.meshes, 'utf8'), flags.meshes, ranked, cards)
  if (space.length === 0)
    throw new PromptsError('not_feasible', 'No mesh of this job is thought to fit: there is nothing to search', {
      hint: '`prompts plan` says what comes nearest.',
    })
  if (flags.write !== undefined) return writeStudy(context, workload, space)
  const command = config.PROMPTS_TRIAL_COMMAND?.split(/\s+/).filter((word) => word !== '') ?? []
  if (command.length === 0)
    throw new PromptsError('unavailable', 'Nothing here can measure a trial: PROMPTS_TRIAL_COMMAND is not set', {
      hint: '--write DIR writes the study to be run elsewhere; docs/search.md says what the command gets and prints.',
    })
  const experiment = loaded.experiment!
  const folder = join(resolve(config.PROMPTS_HOME), 'searches')
  const path = join(folder, `${experiment.id}.${canonicalHash({ ...experiment, mesh: null, dcn: null, measured: null }, 12)}.jsonl`)
  if (flags.again) rmSync(path, { force: true })
  const before = readTrials(path)
  if (before.length > 0) note(`going on after ${before.length} trials of an earlier run (--again forgets them)`)
  const keeper = await openKeeper({ config, run: flags.run, experiment, workload })
  const process = flags.tuner === 'none' ? null : openInstalledTuner(config, '; --tuner none searches without')
  const costs = { chips: jobChips(workload), usdPerChipHour: workload.chip.usd_per_chip_hour }
  try {
    const result = await runSearch({
      ...costs,
      space,
      before,
      tuner: process === null ? null : { name: flags.tuner === 'optuna' ? 'optuna' : 'vizier', process, seed: flags.seed ?? 0 },
      fromCards: flags.start !== 'nothing',
      budget: definedOnly({ trials: flags.trials, hours: flags.hours, dollars: flags.dollars }),
      measure: (candidate) => {
        const limits = { timeoutMs: config.PROMPTS_TRIAL_TIMEOUT_SECONDS * 1000, memoryGib: Number.POSITIVE_INFINITY }
        return measureByCommand(command, trialRequest(workload, candidate.verdict), limits, signal)
      },
      onTrial: async (trial, all) => {
        appendTrial(path, trial)
        note(`trial ${all.length}, ${trial.from}: ${trialWords(trial)}`)
        const candidate = space.find((one) => one.mesh === trial.mesh && one.dcn === trial.dcn)
        if (candidate) await keeper.keep(trial, candidate.verdict)
        await keeper.report(threadWords(experiment.id, { trials: all, best: bestOf(all), spent: spentBy(all, costs), ended: null }))
      },
      now: () => new Date().toISOString(),
      signal,
    })
    const { trials, best, spent, ended } = result
    await keeper.report(threadWords(experiment.id, { trials, best, spent, ended: endings[ended] }))
    context.show(result, formatSearch)
    return best === null ? exitCodes.no : exitCodes.ok
  } finally {
    process?.close()
    await keeper.close()
  }
}

function definedOnly<T extends Record<string, number | undefined>>(values: T): { [K in keyof T]?: number } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: number }
}
