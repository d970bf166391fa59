/**
 * Compiles the rules of `rules.json` with a real MaxText, one at a time, replays each beside the program it starts from, and
 * appends both to `bench/recorded/sharding-rules.jsonl`: `npm run bench:rules [-- PYTHON [id …]]`. It may be stopped at any time:
 * what is recorded is not compiled again unless it is named. Modules are kept in `.prompts/maxtext-modules`; a base whose module
 * is not there is compiled too.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { z } from 'zod'
import { openMaxTextWorker } from '../../src/benchmark/maxtext-worker.ts'
import { replayOnSlice } from '../../src/compiler/study-module.ts'
import { meshSchema } from '../../src/contract/mesh.ts'
import { collectivesOf } from '../../src/hlo/collectives.ts'
import { readHloModule } from '../../src/hlo/read-module.ts'
import { programCase, readPrograms } from '../../test/support/measured/program-cases.ts'
import { recordedVerdicts } from '../../test/support/measured/recorded-verdicts.ts'

const [given = '.prompts/maxtext/bin/python', ...only] = process.argv.slice(2)
const modules = resolve('.prompts/maxtext-modules')
const recordings = fileURLToPath(new URL('../recorded/sharding-rules.jsonl', import.meta.url))
mkdirSync(modules, { recursive: true })

const rulesSchema = z.object({
  rules: z.array(z.strictObject({ id: z.string(), base: z.string(), settings: z.array(z.string()), replay_mesh: meshSchema })),
})
const { rules } = rulesSchema.parse(JSON.parse(readFileSync(new URL('./rules.json', import.meta.url), 'utf8')))
const done = new Set(
  existsSync(recordings)
    ? readFileSync(recordings, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id)
    : [],
)

const script = fileURLToPath(new URL('../maxtext/compile_programs.py', import.meta.url))
const worker = await openMaxTextWorker({ python: resolve(given), script, folder: modules })

const programs = readPrograms('campaign.json')
for (const rule of rules) {
  if (only.length > 0 ? !only.includes(rule.id) : done.has(rule.id)) continue
  const base = recordedVerdicts().findLast(({ id, versions }) => id === rule.base && versions.jax?.startsWith('0.12'))
  const program = programs.find(({ id }) => id === rule.base)
  if (!base || !program) throw new Error(`${rule.base} is no recorded program`)
  if (!existsSync(moduleOf(rule.base))) await compile(rule.base, base.settings)
  const answer = await compile(rule.id, override(base.settings, rule.settings))
  const row = {
    ...rule,
    ...answer,
    replay: replay(rule.id, rule.replay_mesh),
    base_required_gib: base.required_gib,
    base_replay: replay(rule.base, program.mesh),
  }
  appendFileSync(recordings, `${JSON.stringify(row)}\n`)
  process.stderr.write(
    `${new Date().toISOString().slice(11, 19)} ${rule.id}: ${answer.status} ${row.base_required_gib} → ${answer.required_gib} GiB, ${row.base_replay?.step_time_ms} → ${row.replay?.step_time_ms} ms\n`,
  )

  function replay(id: string, mesh: typeof rule.replay_mesh) {
    if (!existsSync(moduleOf(id))) return null
    const { workload } = programCase(program!)
    const module = readHloModule(gunzipSync(readFileSync(moduleOf(id))))
    const replayed = replayOnSlice(module, { chip: workload.chip, slice: workload.slice, mesh })
    const gib: Record<string, number> = {}
    for (const { kind, bytes } of collectivesOf(module, null)) gib[kind] = round((gib[kind] ?? 0) + bytes / 2 ** 30)
    return replayed && { step_time_ms: round(replayed.stepTimeMs), exposed_communication_ms: round(replayed.exposedCommunicationMs), gib }
  }
}
worker.close()

function moduleOf(id: string): string {
  return join(modules, `${id}.hlo.pb.gz`)
}

function compile(id: string, settings: readonly string[]) {
  return worker.compile({ id, settings, module: moduleOf(id), log: join(modules, `${id}.log`) })
}

function override(settings: readonly string[], changed: readonly string[]): string[] {
  const names = new Set(changed.map((word) => word.split('=')[0]))
  return [...settings.filter((word) => !names.has(word.split('=')[0])), ...changed]
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
