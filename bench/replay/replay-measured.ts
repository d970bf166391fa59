/**
 * Replays every compiled module that is on this machine and writes bench/recorded/replay.json (every case), replay-contrasts.json
 * (meshes of one program by replayed time: what a planner's ranking can be held against) and, beside this file, results.md
 * (replayed beside measured step times).
 *
 *   npm run bench:replay [-- --modules DIR] [--measured FILE]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { formatMesh } from '../../src/contract/mesh.ts'
import { referenceCases } from '../../test/support/measured/compiled-cases.ts'
import { stepSeconds } from '../planner-fit/contrasts.ts'
import { type CompiledResult, compiledResults, moduleOf } from './compiled-modules.ts'
import { contrastsOf } from './contrasts.ts'
import { type MeasuredRow, measuredRows, rowsFor } from './measured-rows.ts'
import { replayResult } from './replay-result.ts'
import type { ReplayedCase } from './replayed-case.ts'
import { resultsPage } from './results-page.ts'

const here = new URL('.', import.meta.url)
const project = new URL('../../', here)

const { values } = parseArgs({
  options: {
    modules: { type: 'string', default: new URL('.prompts/compiled', project).pathname },
    measured: { type: 'string', default: new URL('../shared/data/measured.tsv', project).pathname },
  },
})

/** Cases whose module is not here keep what an earlier run wrote. */
function earlier(): Map<string, ReplayedCase> {
  const file = new URL('../recorded/replay.json', here)
  if (!existsSync(file)) return new Map()
  const { cases }: { cases: ReplayedCase[] } = JSON.parse(readFileSync(file, 'utf8'))
  return new Map(cases.map((entry) => [entry.id, entry]))
}

function replayed(result: CompiledResult, rows: readonly MeasuredRow[], before: Map<string, ReplayedCase>): ReplayedCase | null {
  if (result.response.status === 'error') return null
  const { mesh, dcn, run, phase } = result.request
  const about = {
    id: result.id,
    workload: result.workload,
    group: result.group,
    chip: result.chip,
    topology: result.request.target.platform_topology.split(':')[1] ?? '',
    model: result.model,
    phase,
    mesh,
    dcn,
    global_batch: run.global_batch,
    seq_len: run.seq_len,
    remat: run.remat,
    status: result.response.status,
    required_gib: result.response.required_gib,
    measured: rowsFor(result, rows).map(({ id, group, stepMs, remat, comparability }) => ({
      id,
      group,
      step_ms: stepMs,
      remat,
      comparability,
    })),
  }
  const module = result.response.effort === 'fast' ? null : moduleOf(result, values.modules)
  if (module === null) return { ...about, replay: before.get(result.id)?.replay ?? null }
  const replay = replayResult(result, module)
  console.log(`${result.id}: ${(replay.stepTimeMs / 1000).toFixed(2)} s on ${formatMesh(mesh)}`)
  return {
    ...about,
    replay: {
      step_time_ms: round(replay.stepTimeMs),
      compute_ms: round(replay.computeMs),
      hbm_ms: round(replay.hbmMs),
      communication_ms: round(replay.communicationMs),
      exposed_communication_ms: round(replay.exposedCommunicationMs),
      host_ms: round(replay.hostMs),
      tflops_per_device: round(replay.flops / 1e12),
      notes: replay.notes,
      top: replay.parts
        .slice(0, 12)
        .map(({ name, kind, ms, occupiedMs, count }) => ({ name, kind, ms: round(ms), occupied_ms: round(occupiedMs), count })),
    },
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

const rows = existsSync(values.measured) ? measuredRows(values.measured) : []
if (rows.length === 0) console.log(`no measurements at ${values.measured}: replayed times only`)
const before = earlier()
const cases = compiledResults(new URL('../recorded/reference-program.jsonl', here).pathname).flatMap(
  (result) => replayed(result, rows, before) ?? [],
)
writeFileSync(
  new URL('../recorded/replay.json', here),
  `${JSON.stringify({ about: 'Written by npm run bench:replay.', cases }, null, 1)}\n`,
)
writeFileSync(
  new URL('../recorded/replay-contrasts.json', here),
  `${JSON.stringify({ about: 'Written by npm run bench:replay.', contrasts: contrastsOf(cases) }, null, 1)}\n`,
)
const plannerSeconds = new Map(referenceCases().map((compiled) => [compiled.id, stepSeconds(compiled)]))
writeFileSync(new URL('results.md', here), resultsPage(cases, plannerSeconds))
