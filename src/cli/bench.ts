import { benchmarkPaths } from '../benchmark/paths.ts'
import type { Benchmark } from '../benchmark/report/overview.ts'
import { countOf, percent } from '../benchmark/report/words.ts'
import { runBenchmark, writeReport } from '../benchmark/run-benchmark.ts'
import { namePlaced } from '../contract/placed.ts'
import { exitCodes, PromptsError } from '../errors.ts'
import { nearest } from '../text/nearest.ts'
import type { Run } from './command.ts'
import { recordBenchmark } from './record-benchmark.ts'
import { recordRivalsOfBenchmark } from './record-rivals.ts'

const parts = ['record', 'rivals']

export const run: Run<'bench'> = async (context) => {
  const [part] = context.positionals
  if (part === 'record') return recordBenchmark(context)
  if (part === 'rivals') return recordRivalsOfBenchmark(context)
  if (part !== undefined) {
    const near = nearest(part, parts, 1)[0]
    throw new PromptsError('bad_arguments', `The benchmark has no part "${part}"`, {
      hint: near ? `Did you mean "prompts bench ${near}"?` : 'Without a word it judges and writes its report; `record` compiles.',
    })
  }
  const benchmark = await runBenchmark(benchmarkPaths, () => performance.now())
  writeReport(benchmark, benchmarkPaths.report)
  context.show(figuresOnly(benchmark), () => summaryOf(benchmark))
  return exitCodes.ok
}

/** What `--json` prints: the figures, and the cards of every regime beside what is recorded of them. */
function figuresOnly({ figures, races, fits, gains, stability, judged }: Benchmark) {
  return {
    figures,
    races,
    fits,
    gains,
    stability,
    regimes: judged.map(({ regime, answers, answerCard, expertCard, cards }) => ({
      id: regime.id,
      answers,
      answer_card: answerCard,
      expert_card: expertCard,
      cards: cards.map(({ verdict, row, regret }) => ({
        mesh: verdict.mesh,
        dcn: verdict.dcn,
        recorded: row?.kind ?? null,
        why: row?.why ?? null,
        regret,
      })),
    })),
  }
}

function summaryOf({ figures, races, judged }: Benchmark): string {
  const { expertOrBest, notPure, cards, regret } = figures
  const missed = judged.filter(({ answers, answerCard }) => answers.length > 0 && answerCard === null)
  return [
    `${figures.regimes} regimes, ${figures.tables} tables, ${figures.rows.compiled} meshes compiled and ${figures.rows.measured} measured`,
    `the answer is among the three cards in ${countOf(expertOrBest.topThree)}, first in ${countOf(expertOrBest.first)}; where it is not pure FSDP ${countOf(notPure.topThree)}`,
    `first card: median ${percent(regret.median)} more time than the best recorded, at most ${percent(regret.largest)}; ${countOf({ of: cards.recorded, hit: cards.compile })} compiled cards compile`,
    ...races.map(
      ({ rival, after }) => `  ${rival.padEnd(18)} ${after.map(({ trials, regret: by }) => `${trials}: ${percent(by)}`).join('   ')}`,
    ),
    ...missed.map(({ regime, answers }) => `missed: ${regime.id}, ${answers.map(namePlaced).join(' or ')}`),
    'the report is in bench/report/README.md',
  ].join('\n')
}
