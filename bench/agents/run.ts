import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Diagnosis } from '../../src/contract/diagnosis.ts'
import { type Experiment, experimentSchema } from '../../src/contract/experiment.ts'
import { formatMesh, type Mesh, meshSchema, sameMesh } from '../../src/contract/mesh.ts'
import { indexLibrary } from '../../src/knowledge/index-library.ts'
import type { LibraryEntry } from '../../src/knowledge/library.ts'
import { readKnowledge, shippedKnowledge } from '../../src/knowledge/read-knowledge.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import type { RunDeps } from '../../src/runs/deps.ts'
import { jsonTurn, openGeminiService, resultsOf, type Script, startGemini, toolTurn } from '../../test/agents/gemini-server.ts'
import { openTestService, requestFor, signal } from '../../test/runs/service-fixture.ts'
import { projectRoot } from '../../test/support/needs.ts'
import { startRecordedGemini } from '../../test/support/recorded-gemini.ts'

/**
 * `npm run bench:agents`: what each part of the reasoning layer adds, over the configurations that MaxText's authors ship
 * (`../shared/data/regimes.json`), each a cold start. Every case of the same model on the same chip is left out. No real Gemini
 * is asked: the models are scripts over its protocol. Who has a key adds a row with `-- --record FILE` (GEMINI_API_KEY; real
 * answers are kept in FILE, without the key), and anyone has it again with `-- --replay FILE`.
 */

interface Regime {
  id: string
  experiment: Experiment
  expert: Mesh
  dcn: Mesh
}

const caseSchema = z
  .object({ id: z.string(), experiment: z.record(z.string(), z.unknown()), expert: meshSchema, dcn: meshSchema.nullish() })
  .loose()
const text = readFileSync(join(projectRoot, '../shared/data/regimes.json'), 'utf8')
const regimes: Regime[] = z
  .object({ cases: z.array(caseSchema) })
  .parse(JSON.parse(text))
  .cases.map(({ id, experiment, expert, dcn }, i) => {
    const { mesh: _mesh, dcn: _dcn, ...job } = experiment
    const parsed = experimentSchema.parse({ id: id ?? `regime-${i}`, ...job })
    return { id: parsed.id, experiment: dcn ? { ...parsed, dcn } : parsed, expert, dcn: dcn ?? {} }
  })
const knowledge = await readKnowledge([shippedKnowledge])

const isOwnCase = (entry: LibraryEntry, { experiment }: Regime) => {
  if (entry.kind !== 'case') return false
  const { workload } = (entry as LibraryEntry<'case'>).item
  return workload.chip === experiment.hardware.chip && workload.model === experiment.model
}

type Proposing = (regime: Regime, listed: { mesh: Mesh }[], random: () => number) => Mesh[]

/** A model that looks at the report and the list, and proposes so. */
const scripted =
  (regime: Regime, { model: propose = () => [], lies = false }: Setting): Script =>
  (request) => {
    const seen = resultsOf(request)
    if (JSON.stringify(request.messages).includes('You are the Analyzer')) {
      const notes = lies ? ['The MXU is at 99.1%.', 'Everything else is fine.'] : []
      return seen.get_report ? jsonTurn({ bottleneck: 'hbm', evidence: ['HBM is at 99%.'], notes }) : toolTurn('get_report')
    }
    if (!seen.get_report) return toolTurn('get_report')
    if (!seen.list_meshes) return toolTurn('list_meshes', { limit: 40 })
    const { meshes } = seen.list_meshes as { meshes: { mesh: Mesh }[] }
    const proposals = propose(regime, meshes, random).slice(0, 5)
    return jsonTurn({ proposals: proposals.map((mesh) => ({ mesh, rationale: 'It saves 99% of the step. Everybody runs it so.' })) })
  }

/** The key that a recording is made with. */
const key: Record<string, string> = process.env['GEMINI_API_KEY'] ? { GEMINI_API_KEY: process.env['GEMINI_API_KEY'] } : {}

let state = 11
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

interface Setting {
  name: string
  keep: (entry: LibraryEntry) => boolean
  model?: Proposing
  /** Its Analyzer states figures that no tool said. */
  lies?: boolean
  seed?: number
}
const settings: Setting[] = [
  { name: 'rules, everything', keep: () => true },
  { name: 'without cases', keep: ({ kind }) => kind !== 'case' },
  { name: 'without documents', keep: ({ kind }) => kind !== 'doc' },
  { name: 'without both', keep: () => false },
  { name: "an oracle (the expert's mesh)", keep: () => true, model: ({ expert }) => [expert] },
  {
    name: 'an adversary (the last of the list)',
    keep: () => true,
    model: (_regime, listed) => listed.toReversed().map(({ mesh }) => mesh),
  },
  ...[11, 12, 13].map(
    (seed): Setting => ({
      ...{ name: `a random model, seed ${seed}`, keep: () => true, seed },
      model: (_regime, listed, next) => listed.map(({ mesh }) => mesh).sort(() => next() - 0.5),
    }),
  ),
  {
    ...{ name: 'a liar (meshes that cannot run, false figures)', keep: () => true, lies: true },
    model: () => [{ model: 7 }, { data: 3, seq: 5 }, { expert: 1000 }],
  },
  {
    ...{ name: 'the Analyzer alone (its Proposer repeats the planner)', keep: () => true, lies: true },
    model: (_regime, listed) => listed.slice(0, 1).map(({ mesh }) => mesh),
  },
  { name: 'an oracle without cases and documents', keep: () => false, model: ({ expert }) => [expert] },
  {
    name: 'a lazy model (the first of the list)',
    keep: () => true,
    model: (_regime, listed) => listed.slice(0, 1).map(({ mesh }) => mesh),
  },
]

const [flag, recording = ''] = process.argv.slice(2)
/** A real model's row, where a recording is made or there. */
const recorded: Setting | null =
  flag === '--record' || flag === '--replay' ? { name: `Gemini, recorded (${recording})`, keep: () => true } : null
if (recorded !== null) settings.push(recorded)

async function recordedModel(): Promise<{ url: string; requests: { length: number }; stop(): Promise<void> }> {
  const upstream = flag === '--record' ? 'https://generativelanguage.googleapis.com' : null
  return { ...(await startRecordedGemini({ file: recording, upstream })), requests: { length: 0 } }
}

async function diagnose(regime: Regime, setting: Setting): Promise<{ diagnosis: Diagnosis | null; calls: number }> {
  const library = createSqliteLibrary({ path: ':memory:' })
  const kept = knowledge.filter((entry) => setting.keep(entry) && !isOwnCase(entry, regime))
  await indexLibrary(library, kept, { embedder: null, signal })
  const deps: Partial<RunDeps> = {
    library,
    loadExperiment: async () => ({ experiment: regime.experiment, origin: 'regimes', profile: null, links: [] }),
  }
  const gemini = setting === recorded ? await recordedModel() : setting.model ? await startGemini(scripted(regime, setting)) : null
  const test = gemini
    ? await openGeminiService(gemini.url, { deps, shipped: false, env: key })
    : await openTestService({ deps, shipped: false })
  try {
    const diagnosis = await test.service.diagnose(requestFor(regime.experiment), { onProgress: () => {}, signal })
    return { diagnosis, calls: gemini?.requests.length ?? 0 }
  } catch {
    return { diagnosis: null, calls: gemini?.requests.length ?? 0 }
  } finally {
    await gemini?.stop()
    await test.close()
    await library.close()
  }
}

const isExpert = (regime: Regime, card: { mesh: Mesh; dcn: Mesh }) => sameMesh(card.mesh, regime.expert) && sameMesh(card.dcn, regime.dcn)
const meshes = (diagnosis: Diagnosis | null) => diagnosis?.cards.map((card) => formatMesh(card.mesh)) ?? []

const reference = new Map<string, string[]>()
const rows: string[] = []
const places: string[] = []
for (const setting of settings) {
  state = setting.seed ?? 11
  const tally = { changed: 0, covered: 0, first: 0, firstTwo: 0, own: 0, calls: 0, cost: 0 }
  for (const regime of regimes) {
    const { diagnosis, calls } = await diagnose(regime, setting)
    const cards = meshes(diagnosis)
    const base = reference.get(regime.id) ?? cards
    if (!reference.has(regime.id)) reference.set(regime.id, cards)
    const place = (diagnosis?.cards.findIndex((card) => isExpert(regime, card)) ?? -1) + 1
    tally.changed += cards.join() === base.join() ? 0 : 1
    const kept = base.slice(0, 2)
    tally.firstTwo += cards.slice(0, kept.length).join() === kept.join() ? 1 : 0
    tally.covered += place > 0 ? 1 : 0
    tally.first += place === 1 ? 1 : 0
    tally.own += diagnosis?.cards.some(({ chosen_by }) => chosen_by === 'agent') ? 1 : 0
    tally.calls += calls
    tally.cost += diagnosis?.cost_usd ?? 0
    if (setting === settings[0] || setting.name === 'without both')
      places.push(`| ${regime.id} | ${formatMesh(regime.expert)} | ${setting.name} | ${place === 0 ? '–' : place} | ${cards.join(', ')} |`)
  }
  rows.push(
    `| ${setting.name} | ${tally.covered} | ${tally.first} | ${tally.changed} | ${tally.firstTwo} | ${tally.own} | ${(tally.calls / regimes.length).toFixed(1)} | $${(tally.cost / regimes.length).toFixed(3)} |`,
  )
  console.log(rows.at(-1))
}

const page = `# What the reasoning layer adds

Made by \`npm run bench:agents\` over ${regimes.length} configurations that MaxText's authors ship, each as a cold start without a mesh; every case of the
same model on the same chip left out. The models are scripts over Gemini's protocol: **what a real Gemini would do is not known**; the dollars are those of
the scripts' made-up token counts. "Changed" and "first two" compare with the first row; where the
rules have one card, "first two" is that one.

| Setting | expert's mesh among the cards | first | cards changed | first two the same | a card of the model's own | calls per run | dollars per run |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

## With cases and documents, and without

| Regime | expert | setting | expert's place | cards |
|---|---|---|---|---|
${places.sort().join('\n')}
`
writeFileSync(join(import.meta.dirname, 'results.md'), page)
