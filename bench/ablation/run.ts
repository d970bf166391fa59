import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSituation } from '../../src/agents/create-situation.ts'
import { verify } from '../../src/agents/verifier.ts'
import type { Diagnosis } from '../../src/contract/diagnosis.ts'
import { formatMesh, type Mesh } from '../../src/contract/mesh.ts'
import type { Kpis, ProfileReport } from '../../src/contract/profile-report.ts'
import type { LoadedExperiment } from '../../src/experiment/sources/experiment-source.ts'
import { loadExperimentFile } from '../../src/experiment/sources/load-experiment-file.ts'
import { fromTuple } from '../../src/interconnect/mesh-tuple.ts'
import { indexLibrary } from '../../src/knowledge/index-library.ts'
import type { LibraryEntry } from '../../src/knowledge/library.ts'
import { readKnowledge, shippedKnowledge } from '../../src/knowledge/read-knowledge.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { forEachFactoring } from '../../src/planner/enumerate.ts'
import { readProfile } from '../../src/profile/read-profile.ts'
import type { RunDeps } from '../../src/runs/deps.ts'
import { goodModel, isAnalyzer, jsonTurn, openGeminiService, resultsOf, startGemini } from '../../test/agents/gemini-server.ts'
import { openTestService, requestFor, signal } from '../../test/runs/service-fixture.ts'
import { projectRoot } from '../../test/support/needs.ts'

/** `npm run bench:ablation`: what each part of the reasoning layer is worth, on the experiments of examples/. */

interface Regime {
  name: string
  loaded: LoadedExperiment
  report: ProfileReport | null
}

const knowledge = await readKnowledge([shippedKnowledge])
const regimes: Regime[] = []
for (const name of readdirSync(join(projectRoot, 'examples')).sort()) {
  const loaded = await loadExperimentFile(join(projectRoot, 'examples', name, 'experiment.yaml'), '', AbortSignal.timeout(10_000)).catch(
    () => null,
  )
  if (!loaded?.experiment) continue
  const report = loaded.profile ? await readProfile(await loaded.profile.open(signal)) : null
  regimes.push({ name, loaded, report })
}

interface Setting {
  name: string
  keep: (entry: LibraryEntry, regime: Regime) => boolean
  model?: 'good' | 'wild'
}

const aboutChip = (entry: LibraryEntry, chip: string) =>
  entry.kind === 'case'
    ? (entry as LibraryEntry<'case'>).item.workload.chip === chip
    : (entry as LibraryEntry<'doc'>).item.keywords.includes(chip) || entry.id.startsWith(`chip-${chip}`)

const settings: Setting[] = [
  { name: 'rules, everything', keep: () => true },
  { name: 'without cases', keep: (entry) => entry.kind !== 'case' },
  { name: 'without documents', keep: (entry) => entry.kind !== 'doc' },
  { name: 'without both', keep: () => false },
  { name: "knowledge of the job's chip withheld", keep: (entry, { loaded }) => !aboutChip(entry, loaded.experiment!.hardware.chip) },
  { name: 'a good model', keep: () => true, model: 'good' },
  { name: 'a model that proposes at random', keep: () => true, model: 'wild' },
]

const libraries = new Map<string, RunDeps['library']>()

async function libraryFor(setting: Setting, regime: Regime): Promise<RunDeps['library']> {
  const kept = knowledge.filter((entry) => setting.keep(entry, regime))
  const key = kept.map((entry) => entry.hash).join()
  let library = libraries.get(key)
  if (library === undefined) {
    library = createSqliteLibrary({ path: ':memory:' })
    await indexLibrary(library, kept, { embedder: null, signal })
    libraries.set(key, library)
  }
  return library
}

async function diagnose(regime: Regime, setting: Setting): Promise<{ diagnosis: Diagnosis; ms: number }> {
  const library = await libraryFor(setting, regime)
  const deps: Partial<RunDeps> = {
    library,
    loadExperiment: async () => regime.loaded,
    readProfile: async () => ({ report: regime.report!, details: null }),
  }
  const gemini = setting.model ? await startGemini(setting.model === 'good' ? goodModel : wildModel(regime)) : null
  const test = gemini
    ? await openGeminiService(gemini.url, { deps, shipped: false, env: { PROMPTS_GEMINI_SAMPLES: '3' } })
    : await openTestService({ deps, shipped: false })
  const started = performance.now()
  const diagnosis = await test.service.diagnose(requestFor(regime.loaded.experiment!), { onProgress: () => {}, signal })
  const ms = performance.now() - started
  await gemini?.stop()
  await test.close()
  return { diagnosis, ms }
}

const random = randomFrom(7)

/** Knows how many devices there are, and nothing else. */
function wildModel({ loaded, report }: Regime) {
  return (request: Parameters<typeof goodModel>[0], call: number) => {
    if (isAnalyzer(request) || !resultsOf(request).list_meshes) return goodModel(request, call)
    return jsonTurn({
      proposals: randomMeshes(loaded, report, 3).map((mesh) => ({ mesh, rationale: 'This mesh looks balanced. It should be fast.' })),
    })
  }
}

function randomMeshes({ experiment }: LoadedExperiment, report: ProfileReport | null, count: number): Mesh[] {
  const situation = createSituation({ resolve: resolver.deps.resolve }, experiment!, report, [])
  const all: Mesh[] = []
  forEachFactoring(situation.workload.slice.devices, (tuple) => {
    all.push(fromTuple([...tuple]))
  })
  return Array.from({ length: count }, () => all[Math.floor(random() * all.length)]!)
}

const resolver = await openTestService({ shipped: false })
const meshes = (diagnosis: Diagnosis) => diagnosis.cards.map((card) => formatMesh(card.mesh)).join(' | ')
const percent = (share: number) => `${Math.round(share * 100)}%`

const reference = new Map<string, Diagnosis>()
const rows: string[] = []
for (const setting of settings) {
  const tally = { same: 0, cards: 0, feasible: 0, cases: 0, docs: 0, ownChip: 0, words: 0, ms: 0, rejected: 0 }
  for (const regime of regimes) {
    const { diagnosis, ms } = await diagnose(regime, setting)
    if (!reference.has(regime.name)) reference.set(regime.name, diagnosis)
    const chip = regime.loaded.experiment!.hardware.chip
    tally.same += meshes(diagnosis) === meshes(reference.get(regime.name)!) ? 1 : 0
    tally.ms += ms
    tally.rejected += Number(/rejected (\d+) of Gemini/.exec(diagnosis.notes.join('\n'))?.[1] ?? 0)
    for (const card of diagnosis.cards) {
      tally.cards++
      tally.feasible += card.legal && card.memory?.fits ? 1 : 0
      tally.cases += card.evidence.some((one) => one.kind === 'case') ? 1 : 0
      tally.docs += card.evidence.some((one) => one.kind === 'doc') ? 1 : 0
      tally.ownChip += card.evidence.some((one) => one.kind === 'case' && one.title.includes(` on ${chip} `)) ? 1 : 0
      tally.words += /from .* to |predicted/.test(card.rationale) ? 1 : 0
    }
  }
  const of = (count: number) => (tally.cards === 0 ? '–' : percent(count / tally.cards))
  rows.push(
    `| ${setting.name} | ${tally.same} of ${regimes.length} | ${tally.cards} | ${of(tally.feasible)} | ${of(tally.cases)} | ${of(tally.ownChip)} | ${of(tally.docs)} | ${of(tally.words)} | ${tally.rejected} | ${Math.round(tally.ms / regimes.length)} |`,
  )
}

// without the verifier: what a model that knows only the device count would have shown
const unverified: string[] = []
for (const regime of regimes) {
  const situation = createSituation({ resolve: resolver.deps.resolve }, regime.loaded.experiment!, regime.report, [])
  const proposed = randomMeshes(regime.loaded, regime.report, 300).map((mesh) =>
    verify(situation, { mesh, dcn: situation.workload.dcn, changes: {} }),
  )
  const illegal = proposed.filter((one) => !one.verdict.legal).length
  const tooBig = proposed.filter((one) => one.verdict.legal && one.objections.length > 0).length
  unverified.push(`| ${regime.name} | ${percent(illegal / 300)} | ${percent(tooBig / 300)} | ${percent(1 - (illegal + tooBig) / 300)} |`)
}

// noisy profiles: figures that anchor the predictions, off by a share of themselves
const draws = 5
const noisy: string[] = []
for (const share of [0.02, 0.05, 0.1, 0.2, 0.4]) {
  const tally = { runs: 0, top: 0, overlap: 0, moved: 0 }
  for (const regime of regimes.filter((one) => one.report !== null)) {
    const base = reference.get(regime.name)!
    for (let i = 0; i < draws; i++) {
      const report = { ...regime.report!, kpis: worsen(regime.report!.kpis, share) }
      const noisyRun = await diagnose({ ...regime, report }, settings[0]!).catch(() => null)
      if (noisyRun === null) continue
      const { diagnosis } = noisyRun
      tally.runs++
      const [a, b] = [base.cards.map((card) => formatMesh(card.mesh)), diagnosis.cards.map((card) => formatMesh(card.mesh))]
      tally.top += a[0] === b[0] ? 1 : 0
      tally.overlap += a.length === 0 ? Number(b.length === 0) : b.filter((mesh) => a.includes(mesh)).length / Math.max(a.length, b.length)
      const [x, y] = [base.cards[0]?.predicted_speedup, diagnosis.cards[0]?.predicted_speedup]
      tally.moved += x && y ? Math.abs(y / x - 1) : 0
    }
  }
  noisy.push(
    `| ±${percent(share)} | ${tally.runs} | ${percent(tally.top / tally.runs)} | ${percent(tally.overlap / tally.runs)} | ${percent(tally.moved / tally.runs)} |`,
  )
}
await resolver.close()

function worsen(kpis: Kpis, share: number): Kpis {
  const noise = (value: number | null, limit = Number.POSITIVE_INFINITY) =>
    value === null ? null : Math.min(limit, value * (1 + (random() * 2 - 1) * share))
  return {
    ...kpis,
    step_time_ms: noise(kpis.step_time_ms),
    duty_cycle: noise(kpis.duty_cycle, 1),
    communication_share: noise(kpis.communication_share, 1),
    exposed_communication_share: noise(kpis.exposed_communication_share, 1),
  }
}

function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const report = `# Ablations

\`npm run bench:ablation\` takes parts of the reasoning layer away, on the ${regimes.length} experiments of examples/ (${regimes.map((one) => one.name).join(', ')}).
The models are scripts that speak Gemini's protocol: a good one that reads its tools, and one that knows the device count and proposes at random.

| Setting | Same three cards | Cards | Legal and fit | Cite a case | of their chip | Cite a document | Rationale with figures | Proposals rejected | ms a diagnosis |
|---|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

What it says: cases and documents decide what a card cites, not which meshes are shown; those come from the planner and the verifier, so taking knowledge away, or putting a
model in that proposes at random, does not make a card worse. The chip's own figures (knowledge/chips.json) stay when the knowledge about it is withheld.

## Without the verifier

Meshes that multiply to the device count, drawn at random: what would have been shown.

| Experiment | Illegal | Legal, does not fit | Feasible |
|---|---|---|---|
${unverified.join('\n')}

## Noisy profiles

Step time, duty cycle and communication shares off by up to a share of themselves, five draws for each experiment with a profile.

| Noise | Runs | Same first card | Same cards | First card's speedup moves by |
|---|---|---|---|---|
${noisy.join('\n')}
`
writeFileSync(new URL('./results.md', import.meta.url), report)
console.log(report)
