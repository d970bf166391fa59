/**
 * Whether MaxText's own parser takes every setting that cards and checks write, and makes their mesh: `bin/node
 * bench/maxtext/check-settings.ts /path/to/python`. The examples' cards, then legal meshes of many models, slices and settings.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { maxtextFlagsOf } from '../../src/agents/cards.ts'
import { diagnosisSchema } from '../../src/contract/diagnosis.ts'
import { type Experiment, experimentSchema } from '../../src/contract/experiment.ts'
import { formatMesh } from '../../src/contract/mesh.ts'
import type { Verdict } from '../../src/contract/verdict.ts'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { modelNames } from '../../src/knowledge/data/models.ts'
import { planExperiment } from '../../src/planner/plan.ts'

const [python] = process.argv.slice(2)
if (python === undefined) throw new Error('usage: bin/node bench/maxtext/check-settings.ts /path/to/python')
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const catalog = openCatalog()
const clock = () => performance.now()

interface Case {
  group: string
  name: string
  words: string[]
}
const cases: Case[] = []
const unsaid = new Map<string, number>()

for (const name of readdirSync(here('../../examples')).filter((entry) => !entry.includes('.'))) {
  const experiment = experimentSchema.parse(parse(readFileSync(here(`../../examples/${name}/experiment.yaml`), 'utf8')))
  if ((experiment.framework ?? 'maxtext') !== 'maxtext') continue
  const ran = spawnSync(process.execPath, [here('../../src/main.ts'), 'diagnose', here(`../../examples/${name}`), '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  const workload = resolveWorkload(experiment, catalog)
  for (const card of diagnosisSchema.parse(JSON.parse(ran.stdout)).cards) {
    const topology = [`compile_topology=${workload.slice.name}`, `compile_topology_num_slices=${workload.slices}`]
    cases.push({
      group: "an example's card, as pasted",
      name: `${name} ${formatMesh(card.mesh)}`,
      words: [...topology, ...shellWords(card.snippets.maxtext!)],
    })
    add("an example's card, as compiled", experiment, card, name)
  }
}

const base = { phase: 'train' as const, framework: 'maxtext' as const }
const run = { global_batch: 256, seq_len: 4096 }
for (const model of modelNames())
  sweep('every model', { ...base, id: model, hardware: { chip: 'v5p', topology: 'v5p-128' }, model, run }, 2)
for (const topology of ['v4-128', 'v5e-64', 'v6e-256', 'tpu7x-128'])
  for (const slices of [1, 2]) {
    const chip = topology.split('-')[0] as Experiment['hardware']['chip']
    sweep('every chip, one and two slices', { ...base, id: topology, hardware: { chip, topology, slices }, model: 'mixtral-8x7b', run }, 15)
  }
const remat = JSON.parse(readFileSync(here('../../knowledge/remat-policies.json'), 'utf8')) as { policies: Record<string, unknown> }
const settings: [string, Partial<Experiment['run']>][] = [
  ...Object.keys(remat.policies).map((policy): [string, Partial<Experiment['run']>] => [`remat ${policy}`, { remat: policy }]),
  ['custom tensors', { remat: 'custom', flags: { decoder_layer_input: 'offload', query_proj: 'device' } }],
  ['int8', { matmul_dtype: 'int8' }],
  ['fp8', { matmul_dtype: 'fp8' }],
  ['bf16 weights', { weight_dtype: 'bf16', optimizer_dtype: 'bf16', gradient_dtype: 'bf16' }],
  ['f32', { activation_dtype: 'f32' }],
  ['sgd', { optimizer: 'sgd' }],
  ['dot_product', { attention: 'dot_product' }],
  ['microbatches', { microbatches: 4 }],
  ['dropping', { moe: 'dropping', capacity_factor: 1.25 }],
  ['offload', { flags: { optimizer_memory_host_offload: 'true' } }],
]
for (const [name, changes] of settings)
  sweep(
    'every setting',
    { ...base, id: 'x', hardware: { chip: 'v6e', topology: 'v6e-16' }, model: 'mixtral-8x7b', run: { ...run, ...changes } },
    1,
    name,
  )
const dims = { layers: 8, embed: 2048, mlp: 8192, heads: 16, kv_heads: 8, head_dim: 128, vocab: 32_000 }
for (const [name, model] of [
  ['dense', dims],
  ['ungated, tied', { ...dims, gated_mlp: false, tied_embeddings: true }],
  ['MoE', { ...dims, experts: 8, experts_per_token: 2 }],
] as const)
  sweep('a model by its dims', { ...base, id: 'x', hardware: { chip: 'v5e', topology: 'v5e-16' }, model, run }, 4, name)

function add(group: string, experiment: Experiment, verdict: Verdict, name: string): void {
  const { maxtextFlags } = maxtextFlagsOf({ workload: resolveWorkload(experiment, catalog) }, verdict)
  if (maxtextFlags === undefined) unsaid.set(`${group}: ${name}`, (unsaid.get(`${group}: ${name}`) ?? 0) + 1)
  else cases.push({ group, name: `${name} ${formatMesh(verdict.mesh)}`, words: maxtextFlags })
}

/** Evenly spread over the ranking: best and worst, contiguous and split. */
function sweep(group: string, experiment: Experiment, count: number, name: string = experiment.id): void {
  const { ranked } = planExperiment({ workload: resolveWorkload(experiment, catalog), clock })
  const step = Math.max(1, ranked.length / count)
  for (let i = 0; i < Math.min(count, ranked.length); i++) add(group, experiment, ranked[Math.floor(i * step)]!, name)
}

/** As a shell would hand them over: our snippets quote nothing but the empty value. */
function shellWords(text: string): string[] {
  return text.split(/\s+/).map((word) => word.replace(/''$/, ''))
}

const parsed = spawnSync(python, [here('parse_settings.py')], {
  input: cases.map(({ words }) => `${JSON.stringify(words)}\n`).join(''),
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
})
const answers = parsed.stdout
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as string | null)
if (answers.length !== cases.length) throw new Error(`${answers.length} answers for ${cases.length} cases: ${parsed.stderr.slice(-500)}`)

process.stdout.write('| settings of | taken | refused |\n|---|---|---|\n')
for (const group of new Set(cases.map((one) => one.group))) {
  const those = answers.filter((_, i) => cases[i]!.group === group)
  const refused = those.filter((answer) => answer !== null).length
  process.stdout.write(`| ${group} | ${those.length - refused} | ${refused} |\n`)
}
const reasons = Map.groupBy(answers.keys(), (i) => answers[i] ?? '')
for (const [reason, where] of reasons)
  if (reason !== '')
    process.stdout.write(
      `\nRefused ${where.length} times, as in ${cases[where[0]!]!.group}, ${cases[where[0]!]!.name}: ${reason.slice(0, 250)}\n`,
    )
process.stdout.write(`\nNot said in MaxText's words, so compiled as the reference program: ${[...unsaid.keys()].join('; ') || 'none'}\n`)
