import { namePlaced } from '../../contract/placed.ts'
import type { CompiledAgain } from '../compiled-again.ts'
import { trialCost } from '../curve.ts'
import type { Figures } from '../figures.ts'
import type { ReadRegimeProfile } from '../judge-all.ts'
import type { JudgedRegime } from '../judge-regime.ts'
import type { Stated } from '../probabilities.ts'
import { looksAfter, type RaceResult } from '../race.ts'
import type { Stable } from '../stability.ts'
import { isSearchable } from '../truth-table.ts'
import { labels } from './curves-picture.ts'
import { countOf, percent } from './words.ts'

/** All that the report is written from. */
export interface Benchmark {
  judged: JudgedRegime[]
  figures: Figures
  races: RaceResult[]
  fits: Stated[]
  gains: Stated[]
  stability: Stable[]
  profiles: ReadonlyMap<string, ReadRegimeProfile>
  versions: string[]
  again: CompiledAgain
}

/** The report's first page, Markdown. */
export function overviewPage(benchmark: Benchmark): string {
  const { figures, versions, again } = benchmark
  return `${[
    '# Sharding advice, judged in the open',
    '',
    'Written by `npx prompts bench` from `bench/regimes` and `bench/recorded`; no Python and no TPU are needed. `npx prompts bench record` compiles what is missing.',
    '',
    `${figures.regimes} regimes, ${figures.tables} of them with a table that rivals search (three meshes or more, two that run). ${figures.rows.compiled} meshes were compiled by the real TPU compiler: ${figures.rows.replayed} run and have a step replayed from their compiled schedule, ${figures.rows.failed} are refused. ${figures.rows.measured} more are public measurements. Compiled with ${versions.join('; ')}.`,
    '',
    '**How each number is known.** *Measured*: a public run on a TPU. *Compiled*: the compiler said that it fits, or how much is missing. *Replayed*: the step that the compiled schedule takes by its own cycles and the law of the links, which the planner shares. *Assumed*: the planner alone; it is never its own judge, and what is neither compiled nor measured is in no count. A published mesh is what its authors adopted, no proof of the optimum.',
    '',
    again.programs === 0
      ? 'No recorded program was compiled again (`npx prompts bench record --again`).'
      : `Of the recorded programs ${again.programs} were compiled again (\`npx prompts bench record --again\`): ${again.sameVerdict} give the recorded verdict, their memory within ${percent(again.largestMemory)} and their step within ${percent(again.largestStep)}.`,
    '',
    ...besidePaper(benchmark),
    ...rivals(benchmark),
    ...probabilities(benchmark),
    ...stability(benchmark),
    ...regimes(benchmark),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function besidePaper({ figures, profiles }: Benchmark): string[] {
  const { expert, expertOrBest, notPure, paper, regret, cards, trialsSaved, gain, planMs } = figures
  const reads = [...profiles.values()].map(({ ms }) => ms)
  const diagnosis = (Math.max(0, ...reads) + (planMs.largest ?? 0)) / 1000
  return [
    '## Beside the paper',
    '',
    '| | The paper, 8 private cases | Its cases, mirrored | All regimes with a known answer | How it is known |',
    '|---|---|---|---|---|',
    `| expert's or best mesh among the three | 8 of 8 | ${countOf(paper.topThree)} | ${countOf(expertOrBest.topThree)} | published, compiled and replayed, measured |`,
    `| the same, first | 7 of 8 | ${countOf(paper.first)} | ${countOf(expertOrBest.first)} | the same |`,
    `| the published mesh among the three, first | | | ${countOf(expert.topThree)}, ${countOf(expert.first)} | published |`,
    `| of those that are not pure FSDP, among the three | | | ${countOf(notPure.topThree)} | published, compiled and replayed, measured |`,
    `| cards that compile | 69% | | ${countOf({ of: cards.recorded, hit: cards.compile })}; ${cards.all - cards.recorded} of ${cards.all} cards are not recorded | compiled |`,
    `| more time per step than the best, first card | | | median ${percent(regret.median)}, most ${percent(regret.largest)}, ${regret.failed} do not run (${regret.of} first cards recorded) | replayed, measured |`,
    `| trials saved against an exhaustive search | 50.25 | | mean ${trialsSaved.mean?.toFixed(1) ?? '–'}, median ${trialsSaved.median ?? '–'} (${trialsSaved.of} regimes) | the space is the planner's: assumed |`,
    `| throughput over the bad baseline | +115.61%, most +434.75% | ${gain.of === 0 ? 'not recorded' : `mean +${percent((gain.mean ?? 1) - 1)}, most +${percent((gain.largest ?? 1) - 1)} (${gain.of} regimes)`} | | replayed |`,
    `| a diagnosis | less than a minute | | at most ${diagnosis.toFixed(1)} s, $0 without a model | measured here |`,
    '',
  ]
}

function rivals({ races }: Benchmark): string[] {
  return [
    '## Rivals on the same tables',
    '',
    `How much more time per step the best mesh so far takes than the best of the table: the mean over the tables, ± the spread over seeds. A trial that fails is a trial. Vizier and Optuna are told the axes and the times; what they propose is taken for the nearest row, and a row proposed twice costs nothing, both in their favour. Tables are small: after ten trials most are searched whole.`,
    '',
    `| Rival | Tables | Seeds | ${looksAfter.map((trials) => `${trials} trial${trials > 1 ? 's' : ''}`).join(' | ')} | Trials to within 2% |`,
    `|---|---|---|${looksAfter.map(() => '---').join('|')}|---|`,
    ...races.map(({ rival, tables, seeds, after, trialsToBest }) => {
      const cells = after.map((at) => `${percent(at.regret)}${at.spread === null || at.spread === 0 ? '' : ` ± ${percent(at.spread)}`}`)
      return `| ${labels[rival]} | ${tables} | ${seeds} | ${cells.join(' | ')} | ${trialsToBest?.toFixed(1) ?? '–'} |`
    }),
    '',
    '![Search curves over trials, chip-hours and dollars](curves.svg)',
    '',
    `Chip-hours and dollars are assumed to be ${trialCost.startSeconds} s of start-up and ${trialCost.steps} steps a trial at the list price of the chip; a failed trial costs its start-up. Pure FSDP and the templates go on at random once they have nothing more to say; PROMPTS goes on down its ranking.`,
    '',
  ]
}

function probabilities({ fits, gains }: Benchmark): string[] {
  const rows = (stated: readonly Stated[]) =>
    stated.map(
      ({ band, count, said, came }) =>
        `| ${band} | ${count} | ${count === 0 ? '–' : percent(said)} | ${count === 0 ? '–' : percent(came / count)} |`,
    )
  const head = ['| Stated | Statements | Said on average | Came true |', '|---|---|---|---|']
  return [
    '## How often a stated probability was right',
    '',
    'That a mesh fits, against the compiler:',
    '',
    ...head,
    ...rows(fits),
    '',
    'That a mesh is faster than the slowest of its table that runs, against the recorded times (all of these are in truth: a low probability is wrong):',
    '',
    ...head,
    ...rows(gains),
    '',
  ]
}

function stability({ stability: all }: Benchmark): string[] {
  const share = ({ mean, spread }: Stable['topThree']) => `${percent(mean)}${spread === null ? '' : ` ± ${percent(spread)}`}`
  return [
    '## Stability',
    '',
    'What happens to the cards when a part of the advice is taken away, and when constants or profiles are wrong. Without noise the same job gives the same cards every time.',
    '',
    '| | Regimes | Seeds | Answer among the three | First | Same first card |',
    '|---|---|---|---|---|---|',
    ...all.map(
      (one) => `| ${one.what} | ${one.regimes} | ${one.seeds} | ${share(one.topThree)} | ${share(one.first)} | ${share(one.sameFirst)} |`,
    ),
    '',
  ]
}

const families: Readonly<Record<string, string>> = {
  maxtext: "MaxText's own benchmarks",
  paper: "The paper's cases, mirrored",
  recipes: 'Public recipes',
  reference: 'The reference program',
}

function regimes({ judged }: Benchmark): string[] {
  const lines = ['## Regimes', '']
  for (const family of [...new Set(judged.map(({ regime }) => regime.family))]) {
    lines.push(
      `### ${families[family] ?? family}`,
      '',
      '| Regime | Answer | Card that has it | First card | Recorded |',
      '|---|---|---|---|---|',
    )
    for (const one of judged.filter(({ regime }) => regime.family === family)) lines.push(rowOf(one))
    lines.push('')
  }
  return lines
}

function rowOf({ regime, table, answers, answerCard, cards }: JudgedRegime): string {
  const answer = answers.map((one) => `${namePlaced(one)} (${one.from === 'expert' ? 'published' : 'best recorded'})`).join(', ')
  const first = cards[0]
  const ran = table.rows.filter(({ stepMs }) => stepMs !== null).length
  const regret =
    first === undefined
      ? ''
      : first.row === null
        ? ', not recorded'
        : first.row.why === null
          ? `, ${percent(first.regret)} more`
          : `, ${first.row.why}`
  return `| [${regime.id}](regimes/${regime.id}.md) | ${answer || 'none known'} | ${answerCard ?? 'none'} | ${first ? namePlaced(first.verdict) : 'no card'}${regret} | ${table.rows.length} meshes, ${ran} ran${isSearchable(table) ? ', a table' : ''} |`
}
