/**
 * `npm run bench:tuning [-- REGIME …]`: Vizier alone and with our cards on the same study, run by `prompts search` against the
 * recorded truth of the benchmark's largest tables; how many trials each takes to come within 2 % of the best. Writes results.md
 * beside this file.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { benchmarkPaths } from '../../src/benchmark/paths.ts'
import { readRegimes } from '../../src/benchmark/read-regimes.ts'
import { readTruth } from '../../src/benchmark/truth-file.ts'
import { isSearchable, type TruthTable, tableOf } from '../../src/benchmark/truth-table.ts'
import { stepOf, trialSchema } from '../../src/tuners/trial.ts'

const within = 1.02
const trials = 10
const largest = 3

const named = process.argv.slice(2)
const recorded = readTruth(benchmarkPaths.truth)
const tables = readRegimes(benchmarkPaths.regimes)
  .map((regime) => tableOf(regime, recorded))
  .filter(isSearchable)
const chosen =
  named.length > 0
    ? tables.filter(({ regime }) => named.includes(regime.id))
    : tables.toSorted((a, b) => b.rows.length - a.rows.length).slice(0, largest)

const resultSchema = z.object({ trials: z.array(trialSchema), spent: z.object({ chipHours: z.number(), dollars: z.number() }) })
const lines: string[] = []
for (const table of chosen) {
  for (const start of ['nothing', 'cards'] as const) {
    const { trials: tried, spent } = searched(table, start)
    const best = table.best?.stepMs ?? 0
    const at = tried.findIndex((trial) => (stepOf(trial) ?? Number.POSITIVE_INFINITY) <= within * best)
    const failed = tried.filter((trial) => stepOf(trial) === null).length
    const line = `| ${table.regime.id} | ${table.rows.length} | ${start === 'cards' ? 'our cards and priors' : 'nothing'} | ${at < 0 ? `not in ${tried.length}` : at + 1} | ${failed} of ${tried.length} | ${spent.chipHours.toFixed(1)} | $${spent.dollars.toFixed(2)} |`
    console.log(line)
    lines.push(line)
  }
}
writeFileSync(
  new URL('./results.md', import.meta.url),
  `# Vizier alone, and with our cards

\`npm run bench:tuning\`: the same study of the same meshes, run by \`prompts search\` with google-vizier against the recorded truth, ${trials} trials at most. The
times are replayed from compiled schedules; chip-hours and dollars are what such trials would hold the slices for (180 s and twenty steps each).

| Table | Meshes | Vizier begins with | Trials to within 2% of the best | Failed | Chip-hours | Dollars |
|---|---|---|---|---|---|---|
${lines.join('\n')}
`,
)

function searched(table: TruthTable, start: 'nothing' | 'cards'): z.infer<typeof resultSchema> {
  const folder = mkdtempSync(join(tmpdir(), 'search-'))
  try {
    const experiment = join(folder, 'experiment.yaml')
    writeFileSync(experiment, JSON.stringify({ id: table.regime.id, ...table.regime.experiment }))
    const meshes = join(folder, 'meshes.json')
    writeFileSync(meshes, JSON.stringify(table.rows.map(({ mesh, dcn }) => ({ mesh, dcn }))))
    const words = [
      'src/main.ts',
      'search',
      experiment,
      '--meshes',
      meshes,
      '--start',
      start,
      '--tuner',
      'vizier',
      '--trials',
      String(trials),
      '--again',
      '--json',
    ]
    // a home of its own: what is recorded is no outcome of this machine's
    const home = join(folder, 'home')
    mkdirSync(home)
    symlinkSync(resolve('.prompts/tuners'), join(home, 'tuners'))
    const command = `${process.execPath} ${resolve('bench/tuning/recorded-trial.ts')}`
    const said = execFileSync(process.execPath, words, {
      env: { ...process.env, PROMPTS_HOME: home, PROMPTS_TRIAL_COMMAND: command },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return resultSchema.parse(JSON.parse(said))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
