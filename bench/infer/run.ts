import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { scoreModules } from '../../test/support/score-modules.ts'

const { scores, wrong } = scoreModules(fileURLToPath(new URL('../recorded', import.meta.url)))
const rows = scores.map(
  ({ name, modules, right, open, wrongButSure }) =>
    `| ${name} | ${modules} | ${right} | ${open} | ${modules - right - open} | ${wrongButSure} |`,
)
const page = `# What a compiled program says of its job

Made by \`node bench/infer/run.ts\`: every module that is recorded in bench/recorded/modules, read by src/hlo/infer, beside what the compiler was asked
for. The modules are the reference program's (dense and MoE training, prefill and decode, two slices); no pipeline and no other policy than remat
full is among them, and MaxText's names are held by tests only.

| Value | Modules | Right | Left open | Wrong | Wrong and called sure |
|---|---|---|---|---|---|
${rows.join('\n')}
${wrong.length > 0 ? `\n${wrong.map((line) => `- ${line}`).join('\n')}\n` : ''}`
writeFileSync(new URL('results.md', import.meta.url), page)
process.stdout.write(page)
