/**
 * Compiles every card of every example experiment and writes examples.md beside this file: `npm run bench:examples`. Needs `npm
 * run setup:compiler`; takes a few minutes of a core a card.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Diagnosis } from '../../src/contract/diagnosis.ts'
import { formatMesh } from '../../src/contract/mesh.ts'
import { formatGibNumber } from '../../src/text/units.ts'
import { askCommand, project } from './ask-command.ts'

const home = mkdtempSync(join(tmpdir(), 'prompts-examples-'))
const rows: string[] = []
let compiled = 0
let cards = 0
try {
  for (const entry of readdirSync(join(project, 'examples'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const answer = await askCommand<Diagnosis>(['diagnose', join(project, 'examples', entry.name), '--compile'], {
      home,
      timeoutSeconds: 1800,
    })
    const found =
      'error' in answer ? { cards: [], failure: answer.error.message } : { cards: answer.cards, failure: answer.notes.at(-1) ?? '' }
    if (found.cards.length === 0) rows.push(`| ${entry.name} | no card: ${found.failure} | | | | |`)
    for (const card of found.cards) {
      cards++
      const { compiler, memory } = card
      if (compiler?.status === 'fits') compiled++
      rows.push(
        `| ${entry.name} | ${formatMesh(card.mesh)} | ${compiler?.status ?? 'not asked'} | ${formatGibNumber(compiler?.required_gib ?? null)} | ${formatGibNumber(memory?.required_gib ?? null)} | ${formatGibNumber(memory?.available_gib ?? null)} (${compiler?.effort ?? '–'}) |`,
      )
    }
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
const page = [
  '# The examples’ cards, compiled',
  '',
  `Made by \`npm run bench:examples\`: ${compiled} of ${cards} cards compile.`,
  '',
  '| example | card | compiler | needs GiB | planner said | of (effort) |',
  '|---|---|---|---|---|---|',
  ...rows,
  '',
].join('\n')
writeFileSync(join(import.meta.dirname, 'examples.md'), page)
console.log(page)
process.exitCode = compiled === cards ? 0 : 1
