import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { noises, rates, withNoise } from '../../test/support/noise/noise.ts'
import { cases } from '../../test/support/noise/noise-cases.ts'

/** How the diagnosis holds up when a profile is incomplete or noisy: `npm run bench:noise` writes results.md. */

interface Cell {
  classes: Map<string, number>
  confidence: number
}

const seeds = [1, 2, 3, 4, 5]
const lines: string[] = []
const summary: string[] = []
for (const noise of noises) {
  lines.push(
    '',
    `## ${noise.title}`,
    '',
    noise.about,
    '',
    `| Profile | ${rates.map((rate) => `${rate * 100}%`).join(' | ')} |`,
    `|---|${rates.map(() => '---').join('|')}|`,
  )
  for (const each of cases()) {
    const cells: Cell[] = []
    for (const rate of rates) {
      const cell: Cell = { classes: new Map(), confidence: 0 }
      for (const seed of rate === 0 ? [1] : seeds) {
        const { bottleneck } = await withNoise(each, noise.name, rate, seed)
        cell.classes.set(bottleneck.class, (cell.classes.get(bottleneck.class) ?? 0) + 1)
        cell.confidence += bottleneck.confidence / (rate === 0 ? 1 : seeds.length)
      }
      cells.push(cell)
    }
    lines.push(`| ${each.name} | ${cells.map(shown).join(' | ')} |`)
    summary.push(verdict(each.name, each.class, noise.name, cells))
  }
}

const here = dirname(fileURLToPath(import.meta.url))
const text = [
  '# Incomplete and noisy profiles',
  '',
  '`npm run bench:noise` worsens generated profiles of every bottleneck and reads them again. A cell is the diagnosis (of five seeds; a second one',
  'where seeds disagree) and the mean confidence. A change of diagnosis is sound as long as the confidence has fallen before.',
  '',
  '| Noise | Profile | Diagnosis changes at | Confidence undisturbed | …just before the change |',
  '|---|---|---|---|---|',
  ...summary,
  ...lines,
  '',
].join('\n')
writeFileSync(join(here, 'results.md'), text)
console.log(text)

function shown(cell: Cell): string {
  const classes = [...cell.classes]
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => (cell.classes.size > 1 ? `${name} ×${count}` : name))
  return `${classes.join(', ')} ${cell.confidence.toFixed(2)}`
}

function verdict(name: string, expected: string, noise: string, cells: readonly Cell[]): string {
  const changed = cells.findIndex((cell) => [...cell.classes.keys()].some((each) => each !== expected))
  const first = cells[0]?.confidence.toFixed(2) ?? '–'
  if (changed < 0) return `| ${noise} | ${name} | never (${first} to ${cells.at(-1)?.confidence.toFixed(2)}) | ${first} | – |`
  return `| ${noise} | ${name} | ${(rates[changed] ?? 0) * 100}% | ${first} | ${changed === 0 ? '–' : cells[changed - 1]?.confidence.toFixed(2)} |`
}
