/**
 * Compiles the experiments of `programs.json` with a real MaxText (`bin/node bench/maxtext/compare.ts PYTHON [id …]`), through
 * the product's own path, or with the reference program (`reference` instead of PYTHON, after npm run setup:compiler), and keeps
 * each verdict in `programs.jsonl`; what is kept is not compiled again unless it is named. Without arguments it prints them
 * beside the planner's memory.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { maxtextFlagsOf } from '../../src/agents/cards.ts'
import { createCompiler } from '../../src/compiler/compiler.ts'
import { createMaxTextProgram } from '../../src/compiler/maxtext-program.ts'
import { createSemaphore } from '../../src/compiler/semaphore.ts'
import { formatMesh } from '../../src/contract/mesh.ts'
import type { CompilerVerdict } from '../../src/contract/verdict.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { type ProgramCase, programCases } from '../../test/support/measured/program-cases.ts'
import { recordedPrograms, recordProgram } from '../../test/support/measured/recorded-verdicts.ts'

const limits = { timeoutMs: 1_800_000, memoryGib: 12, maxOutputBytes: 1e8 }
const { signal } = new AbortController()

const [compiler, ...only] = process.argv.slice(2)
if (compiler !== undefined)
  await compileAll(compiler === 'reference' ? 'reference' : 'user', compiler === 'reference' ? reference() : maxtext(compiler))
printTable()

type Ask = (one: ProgramCase, flags: string[]) => Promise<CompilerVerdict>

async function compileAll(program: CompilerVerdict['program'], ask: Ask): Promise<void> {
  for (const one of programCases()) {
    const { id, workload, mesh, dcn } = one
    if (only.length > 0 ? !only.includes(id) : find(id, program) !== undefined) continue
    const { maxtextFlags: flags } = maxtextFlagsOf({ workload }, verdictOfMesh(workload, mesh, dcn))
    if (flags === undefined) throw new Error(`${id} cannot be said in MaxText's settings`)
    const verdict = await ask(one, flags)
    process.stderr.write(`${id}: ${JSON.stringify(verdict)}\n`)
    if (verdict.status !== 'unknown') recordProgram({ id, flags: program === 'user' ? flags : [], verdict })
  }
}

function maxtext(python: string): Ask {
  const folder = execFileSync(python, [
    '-c',
    'import importlib.util, os; print(os.path.dirname(importlib.util.find_spec("maxtext").origin))',
  ])
  const program = createMaxTextProgram({
    command: [python, '-m', 'maxtext.trainers.pre_train.train_compile', join(folder.toString().trim(), 'configs/base.yml')],
    limits,
    places: createSemaphore(1, 1),
  })
  process.chdir(mkdtempSync(join(tmpdir(), 'maxtext-')))
  return ({ workload }, flags) => program.compile(flags, workload.chip.hbm_available_gib_per_device, signal)
}

function reference(): Ask {
  const compiler = createCompiler({ home: resolve('.prompts'), python: null, processes: 1, ...limits, maxtextCommand: null, study: null })
  return async ({ workload, mesh, dcn }) => {
    const { physical } = verdictOfMesh(workload, mesh, dcn)
    return (await compiler.compile(workload, { mesh, dcn, changes: {}, physical }, { full: true, signal })).verdict
  }
}

function find(id: string, program: CompilerVerdict['program']): CompilerVerdict | undefined {
  return recordedPrograms().findLast((row) => row.id === id && row.verdict.program === program)?.verdict
}

function printTable(): void {
  process.stdout.write(
    '| program | mesh | MaxText | GiB | planner | GiB | | reference program | GiB | |\n|---|---|---|---|---|---|---|---|---|---|\n',
  )
  for (const { id, workload, mesh, dcn } of programCases()) {
    const user = find(id, 'user')
    if (user === undefined) continue
    const own = find(id, 'reference')
    const { memory } = verdictOfMesh(workload, mesh, dcn)
    const off = (gib: number | null | undefined) =>
      gib && user.required_gib ? `${gib > user.required_gib ? '+' : ''}${(100 * (gib / user.required_gib - 1)).toFixed(1)}%` : ''
    const cells = [
      `${id}: ${workload.model.name} ${workload.slice.name}`,
      `${formatMesh(mesh)}${workload.slices > 1 ? ` × ${formatMesh(dcn)}` : ''}`,
      user.status,
      user.required_gib?.toFixed(2) ?? '',
      memory?.fits ? 'fits' : 'oom',
      memory?.required_gib.toFixed(2) ?? '',
      off(memory?.required_gib),
      own?.status ?? '',
      own?.required_gib?.toFixed(2) ?? '',
      off(own?.required_gib),
    ]
    process.stdout.write(`| ${cells.join(' | ')} |\n`)
  }
}
