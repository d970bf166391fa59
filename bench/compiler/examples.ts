/**
 * Compiles every card of every example experiment and writes examples.md beside this file: `npm run bench:examples`. Needs `npm
 * run setup:compiler`; takes a few minutes of a core a card.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { main } from '../../src/cli/main.ts'
import type { Diagnosis } from '../../src/contract/diagnosis.ts'
import { formatMesh } from '../../src/contract/mesh.ts'
import { formatGibNumber } from '../../src/text/units.ts'

const project = resolve(import.meta.dirname, '../..')
const python = process.env.PROMPTS_COMPILER_PYTHON ?? join(project, '.prompts/compiler/bin/python')

async function diagnose(example: string, home: string): Promise<{ code: number; diagnosis: Diagnosis | null; failure: string }> {
  let stdout = ''
  const code = await main(['diagnose', join(project, 'examples', example), '--compile', '--json'], {
    env: {
      PROMPTS_HOME: home,
      PROMPTS_COMPILER_PYTHON: python,
      PROMPTS_COMPILER_TIMEOUT_SECONDS: '1800',
      PROMPTS_RUN_DEADLINE_SECONDS: '3600',
    },
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => process.stderr.write(text),
    signal: new AbortController().signal,
  })
  const answer = JSON.parse(stdout) as Diagnosis | { error: { message: string } }
  return 'error' in answer ? { code, diagnosis: null, failure: answer.error.message } : { code, diagnosis: answer, failure: '' }
}

const home = mkdtempSync(join(tmpdir(), 'prompts-examples-'))
const rows: string[] = []
let compiled = 0
let cards = 0
try {
  for (const entry of readdirSync(join(project, 'examples'), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue
    const { diagnosis, failure } = await diagnose(entry.name, home)
    if (diagnosis === null || diagnosis.cards.length === 0)
      rows.push(`| ${entry.name} | no card: ${failure || (diagnosis?.notes.at(-1) ?? '')} | | | | |`)
    for (const card of diagnosis?.cards ?? []) {
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
