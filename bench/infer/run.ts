import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { scoreLikely } from '../../test/support/score-likely.ts'
import { type Score, scoreMaxTextModules, scoreModules } from '../../test/support/score-modules.ts'

const recorded = fileURLToPath(new URL('../recorded', import.meta.url))

function table({ scores, wrong }: { scores: Score[]; wrong: string[] }): string {
  const rows = scores.map(
    ({ name, modules, right, open, wrongButSure }) =>
      `| ${name} | ${modules} | ${right} | ${open} | ${modules - right - open} | ${wrongButSure} |`,
  )
  return `| Value | Modules | Right | Left open | Wrong | Wrong and called sure |
|---|---|---|---|---|---|
${rows.join('\n')}
${wrong.length > 0 ? `\n${wrong.map((line) => `- ${line}`).join('\n')}\n` : ''}`
}

/** A folder of MaxText's modules, as `npm run bench:maxtext` leaves them: they are too large to be kept here. */
const folder = process.argv[2]
const page = `# What a compiled program says of its job

Made by \`bin/node bench/infer/run.ts FOLDER\`: modules read by src/hlo/infer, beside what the compiler was asked for.

## The reference program

Every module that is recorded in bench/recorded/modules: dense and MoE training, prefill and decode, pipelines, two slices.

${table(scoreModules(recorded))}
## MaxText

The programs of bench/recorded/maxtext-memory.jsonl whose modules lie in FOLDER: MaxText's own training steps for v5e, v5p, v6e and tpu7x, dense, MoE
and latent attention, with tensor, sequence, expert and replica axes, slices, accumulation, offload and custom remat. Dims are compared as
far as all layers of a model have the same, recomputation where it is one policy's name.

${folder === undefined ? 'Not run: no folder was given.\n' : table(scoreMaxTextModules(recorded, folder))}
## What stays open

The modules of the reference program again, with the names of their tokens taken out: how often the likely answers, as the thread offers them, hold
the true one.

| Asked | Modules | Among the answers | The first |
|---|---|---|---|
${scoreLikely(join(recorded, 'modules'))
  .scores.map(({ name, asked, among, first }) => `| ${name} | ${asked} | ${among} | ${first} |`)
  .join('\n')}
`
writeFileSync(new URL('results.md', import.meta.url), page)
process.stdout.write(page)
