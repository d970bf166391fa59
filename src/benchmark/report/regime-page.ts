import { namePlaced, samePlaced } from '../../contract/placed.ts'
import type { JudgedRegime } from '../judge-regime.ts'
import { regretOf } from '../truth-table.ts'
import { milliseconds, percent, recordedWords, whyLost } from './words.ts'

/** The page of one regime, Markdown: the job, the answer, the cards with what became of them, and the whole table. */
export function regimePage(judged: JudgedRegime): string {
  const { regime, table, cards, advice, answers } = judged
  const { experiment, source, expert, baseline, paper } = regime
  const { hardware, run, phase } = experiment
  const model = typeof experiment.model === 'string' ? experiment.model : (experiment.model.name ?? 'a model of its own')
  const flags = Object.entries(run.flags ?? {}).map(([name, value]) => `${name}=${value}`)
  const lines = [
    `# ${regime.title}`,
    '',
    source.uri === null ? `Source: ${source.title}.` : `Source: [${source.title}](${source.uri}).`,
    '',
    ...(paper === null ? [] : [`Mirrors case ${paper.case} of the paper. ${paper.says}`, '']),
    ...(regime.note === null ? [] : [regime.note, '']),
    `Job: ${phase} of ${model} on ${hardware.chip} ${hardware.topology}${(hardware.slices ?? 1) > 1 ? `, ${hardware.slices} slices` : ''}; ${run.global_batch} sequences of ${run.seq_len} tokens${run.remat ? `, remat ${run.remat}` : ''}${flags.length > 0 ? `, ${flags.join(' ')}` : ''}.`,
    '',
    `Published answer: ${expert === null ? 'none' : namePlaced(expert)}. Best recorded: ${table.best === null ? 'none' : namePlaced(table.best)}.${baseline === null ? '' : ` Baseline: ${namePlaced(baseline)}.`} The planner judged ${advice.space.legal} legal meshes, of which it takes ${advice.space.fitting} to fit.`,
    '',
    '## The cards',
    '',
    '| Card | Mesh | Predicted (assumed) | Fits (assumed) | Recorded | More time than the best | |',
    '|---|---|---|---|---|---|---|',
    ...cards.map(({ verdict, row, regret }, place) => {
      const answer = answers.find((one) => samePlaced(one, verdict))
      return `| ${place + 1} | ${namePlaced(verdict)} | ${milliseconds(verdict.estimate?.step_time_ms ?? null)} | ${percent(verdict.memory?.probability ?? null)} | ${recordedWords(row)} | ${percent(regret)} | ${answer ? (answer.from === 'expert' ? "the expert's" : 'the best') : ''} |`
    }),
    ...(cards.length === 0 ? ['', 'No card: nothing is thought to fit.'] : []),
    '',
    '## What became of them',
    '',
    ...cards.map((card, place) => `- Card ${place + 1}, ${namePlaced(card.verdict)}. ${whyLost(table, card)}`),
    '',
  ]
  if (table.rows.length > 0) {
    lines.push('## All that is recorded', '', '| Mesh | Recorded | More time than the best | Place in our order |', '|---|---|---|---|')
    for (const row of table.rows) {
      const place = advice.ranked.findIndex((verdict) => samePlaced(verdict, row))
      lines.push(
        `| ${namePlaced(row)} | ${recordedWords(row)} | ${percent(regretOf(table, row))} | ${place < 0 ? 'not legal' : place + 1} |`,
      )
    }
    const notes = [...new Set(table.rows.flatMap(({ parts }) => parts?.notes ?? []))].slice(0, 6)
    if (notes.length > 0) lines.push('', 'The replay says:', '', ...notes.map((note) => `- ${note}`))
  }
  return `${lines.join('\n').trimEnd()}\n`
}
