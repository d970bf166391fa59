/**
 * Compiles the experiments of `programs.json` with a real MaxText, through the product's own path, and keeps each verdict in `programs.jsonl`:
 * `node bench/maxtext/compare.ts PYTHON [id …]`; what is kept is not compiled again. Without arguments it prints the table.
 */
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { maxtextFlagsOf } from '../../src/agents/cards.ts'
import { createMaxTextProgram } from '../../src/compiler/maxtext-program.ts'
import { createSemaphore } from '../../src/compiler/semaphore.ts'
import { formatMesh } from '../../src/contract/mesh.ts'
import { compilerVerdictSchema } from '../../src/contract/verdict.ts'
import { evaluateMesh } from '../../src/planner/verdict-of.ts'
import { programCases } from './program-cases.ts'

const kept = fileURLToPath(new URL('./programs.jsonl', import.meta.url))
const rowSchema = z.object({ id: z.string(), flags: z.array(z.string()), verdict: compilerVerdictSchema })
const rows = () =>
  (existsSync(kept) ? readFileSync(kept, 'utf8') : '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => rowSchema.parse(JSON.parse(line)))

const [python, ...only] = process.argv.slice(2)
if (python !== undefined) await compileAll(python)
printTable()

async function compileAll(python: string): Promise<void> {
  const base = execFileSync(python, ['-c', 'import importlib.util, os; print(os.path.dirname(importlib.util.find_spec("maxtext").origin))'])
  const program = createMaxTextProgram({
    command: [python, '-m', 'maxtext.trainers.pre_train.train_compile', join(base.toString().trim(), 'configs/base.yml')],
    limits: { timeoutMs: 1_800_000, memoryGib: 12, maxOutputBytes: 1e8 },
    places: createSemaphore(1, 1),
  })
  process.chdir(mkdtempSync(join(tmpdir(), 'maxtext-')))
  for (const { id, workload, mesh, dcn } of programCases()) {
    if (only.length > 0 ? !only.includes(id) : rows().some((row) => row.id === id)) continue
    const { maxtextFlags: flags } = maxtextFlagsOf({ workload }, evaluateMesh(workload, mesh, dcn))
    if (flags === undefined) throw new Error(`${id} cannot be said in MaxText's settings`)
    const verdict = await program.compile(flags, workload.chip.hbm_available_gib_per_device, new AbortController().signal)
    process.stderr.write(`${id}: ${JSON.stringify(verdict)}\n`)
    if (verdict.status !== 'unknown') appendFileSync(kept, `${JSON.stringify({ id, flags, verdict })}\n`)
  }
}

function printTable(): void {
  process.stdout.write('| program | mesh | MaxText | GiB | planner | GiB | difference |\n|---|---|---|---|---|---|---|\n')
  const all = rows()
  for (const { id, workload, mesh, dcn } of programCases()) {
    const row = all.findLast((one) => one.id === id)
    if (row === undefined) continue
    const { memory } = evaluateMesh(workload, mesh, dcn)
    const required = row.verdict.required_gib
    const difference = memory && required !== null ? `${(100 * (memory.required_gib / required - 1)).toFixed(1)} %` : ''
    const shown = `${formatMesh(mesh)}${workload.slices > 1 ? ` × ${formatMesh(dcn)}` : ''}`
    process.stdout.write(
      `| ${id}: ${workload.model.name} ${workload.slice.name} | ${shown} | ${row.verdict.status} | ${required?.toFixed(2) ?? ''} ` +
        `| ${memory?.fits ? 'fits' : 'does not fit'} | ${memory?.required_gib.toFixed(2) ?? ''} | ${difference} |\n`,
    )
  }
}
