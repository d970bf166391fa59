/**
 * Compiles the programs of `campaign.json` with a real MaxText, one at a time, and appends each verdict to `bench/recorded/maxtext-memory.jsonl`:
 * `npm run bench:maxtext [-- PYTHON [id …]]`, PYTHON being `.prompts/maxtext/bin/python` (npm run setup:maxtext) where it is not given. It may be
 * stopped at any time: what is recorded for the installed version is not compiled again unless it is named. The kind with the fewest verdicts goes
 * next, so that what a shorter run leaves is balanced. Modules are kept in `.prompts/maxtext-modules`, for the replay.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { maxtextFlagsOf } from '../../src/agents/cards.ts'
import { maxTextEnvironment } from '../../src/compiler/maxtext-program.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { type Program, programCase, readPrograms } from './program-cases.ts'
import { type RecordedVerdict, recordedVerdicts, recordVerdict } from './recorded-verdicts.ts'

const [given = '.prompts/maxtext/bin/python', ...only] = process.argv.slice(2)
const python = resolve(given)
const modules = resolve('.prompts/maxtext-modules')
mkdirSync(modules, { recursive: true })

const answerSchema = z.looseObject({
  versions: z.record(z.string(), z.string()),
  status: z.string(),
  seconds: z.number(),
  cpu_seconds: z.number(),
})

const worker = spawn(python, [fileURLToPath(new URL('./compile_programs.py', import.meta.url))], {
  env: { ...process.env, ...maxTextEnvironment },
  stdio: ['pipe', 'pipe', 'inherit'],
  cwd: modules,
})
const answers = createInterface({ input: worker.stdout })[Symbol.asyncIterator]()
const { value: hello } = await answers.next()
const { versions } = z.object({ versions: z.record(z.string(), z.string()) }).parse(JSON.parse(hello ?? '{}'))

const refused = new Set<string>()
for (;;) {
  const program = next()
  if (program === undefined) break
  const settings = settingsOf(program)
  if (settings === null) {
    process.stderr.write(`${program.id}: cannot be said in MaxText's settings\n`)
    refused.add(program.id)
    continue
  }
  const module = join(modules, `${program.id}.hlo.pb.gz`)
  worker.stdin.write(`${JSON.stringify({ id: program.id, settings, module, log: join(modules, `${program.id}.log`) })}\n`)
  const { value, done } = await answers.next()
  if (done) throw new Error('the MaxText process ended by itself')
  const answer = answerSchema.parse(JSON.parse(value))
  process.stderr.write(
    `${new Date().toISOString().slice(11, 19)} ${program.id}: ${answer.status} ${answer.required_gib ?? answer.message ?? ''} (${answer.seconds} s)\n`,
  )
  refused.add(program.id)
  recordVerdict({ kind: 'other', ...answer, id: program.id, ...kindOf(program), program, settings, effort: 'full' } as RecordedVerdict)
}
worker.stdin.end()

/** The next program: of the kind that has the fewest verdicts by this version of jax. */
function next(): Program | undefined {
  const done = new Set<string>()
  const counts = new Map<string, number>()
  for (const { id, kind, versions: by } of recordedVerdicts()) {
    if (by.jax !== versions.jax) continue
    done.add(id)
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  const open = readPrograms('campaign.json').filter(({ id }) =>
    only.length > 0 ? only.includes(id) && !refused.has(id) : !done.has(id) && !refused.has(id),
  )
  const count = ({ kind = 'other' }: Program) => counts.get(kind) ?? 0
  return open.toSorted((a, b) => count(a) - count(b))[0]
}

function kindOf({ kind }: Program): { kind?: string } {
  return kind === undefined ? {} : { kind }
}

/** The product's own words for the experiment, then what else `run.flags` hold, which is MaxText's by name. */
function settingsOf(program: Program): string[] | null {
  const { workload, mesh, dcn } = programCase(program)
  const { maxtextFlags } = maxtextFlagsOf({ workload }, verdictOfMesh(workload, mesh, dcn))
  if (maxtextFlags === undefined) return null
  const said = new Set(maxtextFlags.map((word) => word.split('=')[0]))
  const rest = Object.entries(program.run.flags ?? {}).flatMap(([name, value]) => (said.has(name) ? [] : [`${name}=${value}`]))
  return [...maxtextFlags, ...rest]
}
