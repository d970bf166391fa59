/**
 * Compiles the programs of `campaign.json` with a real MaxText, one at a time, and appends each verdict to
 * `bench/recorded/maxtext-memory.jsonl`: `npm run bench:maxtext [-- PYTHON [id …]]`, PYTHON being `.prompts/maxtext/bin/python`
 * (npm run setup:maxtext) where it is not given. It may be stopped at any time: what is recorded for the installed version is not
 * compiled again unless it is named. The kind with the fewest verdicts goes next, so that what a shorter run leaves is balanced.
 * Modules are kept in `.prompts/maxtext-modules`, for the replay.
 */
import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { maxtextSettings } from '../../src/benchmark/maxtext-settings.ts'
import { openMaxTextWorker } from '../../src/benchmark/maxtext-worker.ts'
import { type Program, programCase, readPrograms } from '../../test/support/measured/program-cases.ts'
import { type RecordedVerdict, recordedVerdicts, recordVerdict } from '../../test/support/measured/recorded-verdicts.ts'

const [given = '.prompts/maxtext/bin/python', ...only] = process.argv.slice(2)
const modules = resolve('.prompts/maxtext-modules')
mkdirSync(modules, { recursive: true })
const script = fileURLToPath(new URL('./compile_programs.py', import.meta.url))
const worker = await openMaxTextWorker({ python: resolve(given), script, folder: modules })
const { versions } = worker

const refused = new Set<string>()
for (;;) {
  const program = next()
  if (program === undefined) break
  const { workload, mesh, dcn } = programCase(program)
  const settings = maxtextSettings(workload, { mesh, dcn })
  if (settings === null) {
    process.stderr.write(`${program.id}: cannot be said in MaxText's settings\n`)
    refused.add(program.id)
    continue
  }
  const module = join(modules, `${program.id}.hlo.pb.gz`)
  const answer = await worker.compile({ id: program.id, settings, module, log: join(modules, `${program.id}.log`) })
  process.stderr.write(
    `${new Date().toISOString().slice(11, 19)} ${program.id}: ${answer.status} ${answer.required_gib ?? answer.message ?? ''} (${answer.seconds} s)\n`,
  )
  refused.add(program.id)
  recordVerdict({ kind: 'other', ...answer, id: program.id, ...kindOf(program), program, settings, effort: 'full' } as RecordedVerdict)
}
worker.close()

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
