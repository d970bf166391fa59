/**
 * Compiles jobs whose models mix layers and writes layer-groups.md beside this file: what the compiler says they need, and what
 * the planner said before. `npm run bench:layer-groups [words of a row]`: only the rows that have them; the others stay as they
 * are. Needs `npm run setup:compiler`.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Experiment } from '../../src/contract/experiment.ts'
import { formatMesh } from '../../src/contract/mesh.ts'
import type { Verdict } from '../../src/contract/verdict.ts'
import { formatGibNumber } from '../../src/text/units.ts'
import { askCommand } from './ask-command.ts'

const page = join(import.meta.dirname, 'layer-groups.md')

type Job = Pick<Experiment, 'hardware' | 'phase' | 'model' | 'run' | 'mesh'>
const train = { activation_dtype: 'bf16', weight_dtype: 'f32', optimizer: 'adamw', remat: 'full' } as const

/** One row for each kind of layers, in a training job or in serving. */
const jobs: Record<string, Job> = {
  'latent attention, a first dense layer, shared experts': {
    hardware: { chip: 'v5p', topology: '4x4x2' },
    phase: 'train',
    model: 'deepseek2-16b',
    run: { global_batch: 128, seq_len: 4096, ...train, moe: 'dropless' },
    mesh: { data: 32 },
  },
  'five windows to one global layer': {
    hardware: { chip: 'v6e', topology: '8x8' },
    phase: 'train',
    model: 'gemma3-12b',
    run: { global_batch: 64, seq_len: 8192, ...train },
    mesh: { data: 64 },
  },
  'windows and experts by turns': {
    hardware: { chip: 'v5p', topology: '4x4x2' },
    phase: 'train',
    model: 'gpt-oss-20b',
    run: { global_batch: 64, seq_len: 8192, ...train, moe: 'dropless' },
    mesh: { data: 32 },
  },
  'three windows to one global layer': {
    hardware: { chip: 'v6e', topology: '4x4' },
    phase: 'train',
    model: 'olmo3-7b',
    run: { global_batch: 32, seq_len: 4096, ...train },
    mesh: { data: 16 },
  },
  'a prompt by latent attention': {
    hardware: { chip: 'v6e', topology: '2x4' },
    phase: 'prefill',
    model: 'deepseek2-16b',
    run: { global_batch: 8, seq_len: 4096, weight_dtype: 'bf16', moe: 'dropless' },
    mesh: { data: 2, expert: 4 },
  },
  'tokens by latent attention': {
    hardware: { chip: 'v6e', topology: '2x4' },
    phase: 'decode',
    model: 'deepseek2-16b',
    run: { global_batch: 64, seq_len: 4096, weight_dtype: 'bf16', moe: 'dropping' },
    mesh: { data: 8 },
  },
  'tokens behind windows': {
    hardware: { chip: 'v6e', topology: '2x4' },
    phase: 'decode',
    model: 'gemma3-12b',
    run: { global_batch: 32, seq_len: 8192, weight_dtype: 'bf16' },
    mesh: { data: 8 },
  },
  'layers with a state': {
    hardware: { chip: 'v5p', topology: '4x4x4' },
    phase: 'train',
    model: 'qwen3-next-80b-a3b',
    run: { global_batch: 64, seq_len: 4096, ...train, moe: 'dropless' },
    mesh: { data: 64 },
  },
}

async function check(name: string, job: Job, home: string): Promise<string> {
  const folder = join(temporary, 'job')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'experiment.yaml'), JSON.stringify({ id: 'layer-groups', framework: 'maxtext', ...job }))
  return rowOf(name, job, await askCommand<Verdict>(['check', folder, '--compile'], { home, timeoutSeconds: 3600 }))
}

function rowOf(name: string, { model, phase, hardware, mesh }: Job, answer: Verdict | { error: { message: string } }): string {
  const job = `${String(model)}, ${phase}, ${hardware.chip} ${hardware.topology}, ${formatMesh(mesh ?? {})}`
  if ('error' in answer) return `| ${name} | ${job} | – | – | – | ${answer.error.message} |`
  const { compiler, memory } = answer
  const needs = compiler?.required_gib ?? null
  const said = memory?.required_gib ?? null
  const off = needs === null || said === null ? '–' : `${Math.round(100 * (said / needs - 1))}%`
  const word = compiler === null ? 'not asked' : `${compiler.status} (${compiler.effort})${needs === null ? `: ${compiler.message}` : ''}`
  return `| ${name} | ${job} | ${formatGibNumber(needs)} | ${formatGibNumber(said)} | ${off} | ${word} |`
}

const wanted = process.argv.slice(2).join(' ')
const known = existsSync(page) ? readFileSync(page, 'utf8').split('\n') : []
// what is compiled already lies in the home of the program, where one is named
const temporary = mkdtempSync(join(tmpdir(), 'prompts-layer-groups-'))
const home = process.env.PROMPTS_HOME ?? temporary
const rows: string[] = []
try {
  for (const [name, job] of Object.entries(jobs)) {
    const before = known.find((line) => line.startsWith(`| ${name} |`))
    if (name.includes(wanted)) rows.push(await check(name, job, home))
    else if (before !== undefined) rows.push(before)
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}
writeFileSync(
  page,
  [
    '# Models that mix layers, compiled',
    '',
    'Made by `npm run bench:layer-groups`. GiB a device; at fast effort a training step needs up to a quarter less than at full.',
    'The planner is fitted to MaxText: four training programs of deepseek2-16b that MaxText 0.2.5 compiled need 0.3 to 5.4% more or less',
    'than it says (bench/memory/results.md); the reference program is leaner, at full effort too (deepseek2-16b, train: 15.9).',
    '',
    '| layers | job | compiler | planner | off | verdict |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n'),
)
