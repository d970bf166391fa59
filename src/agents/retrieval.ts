import type { Case } from '../contract/case.ts'
import type { Evidence } from '../contract/diagnosis.ts'
import { type Axis, axes, axisSize, formatMesh } from '../contract/mesh.ts'
import { samePlaced } from '../contract/placed.ts'
import type { Verdict } from '../contract/verdict.ts'
import type { Embedder } from '../knowledge/embeddings.ts'
import type { DocSection, Hit, Library, StoreName } from '../knowledge/library.ts'
import { workloadSignature } from '../knowledge/signature.ts'
import type { Workload } from '../planner/workload.ts'
import { formatMs } from '../text/units.ts'
import { parameterCounts } from './case-match.ts'
import type { Analysis, Situation } from './situation.ts'

export interface Retrieved {
  cases: Hit<'case'>[]
  docs: Hit<'doc'>[]
  answeredBy: StoreName
  notes: string[]
}

export interface RetrievalDeps {
  library: Library
  embedder: Embedder | null
  tenant: string
  signal: AbortSignal
}

const caseLimit = 12
const docLimit = 8
/** Below this likeness a case is about another kind of workload. */
const leastSimilarity = 0.7

/** The signature of what is being diagnosed. */
export function signatureOf(workload: Workload, analysis: Pick<Analysis, 'bottleneck' | 'kpis'>): number[] {
  const { run, slice, slices, phase } = workload
  const devices = slice.devices * slices
  return workloadSignature({
    chip: slice.chip,
    phase,
    devices,
    slices,
    ...parameterCounts(workload),
    tokensPerDevice: (phase === 'decode' ? run.global_batch : run.global_batch * run.seq_len) / devices,
    seqLen: run.seq_len,
    bottleneck: analysis.bottleneck.class,
    kpis: analysis.kpis,
  })
}

/** Cases alike and documents about the bottleneck. An embedding model that cannot be reached is said and done without. */
export async function retrieve(situation: Situation, analysis: Analysis, deps: RetrievalDeps): Promise<Retrieved> {
  const { workload } = situation
  const text = [
    workload.model.name ?? '',
    workload.phase,
    workload.slice.chip,
    ...(analysis.bottleneck.class === 'unknown' ? [] : [topicWords[analysis.bottleneck.class]]),
    ...analysis.anti_patterns.map((pattern) => pattern.kind.replaceAll('_', ' ')),
    ...(workload.model.moeLayers > 0 ? ['MoE expert'] : []),
    ...(workload.slices > 1 ? ['multislice dcn'] : []),
  ].join(' ')
  const notes: string[] = []
  const embedding = await embedQuery(text, deps, notes)
  const signature = signatureOf(workload, analysis)
  const common = { tenant: deps.tenant, text, embedding }
  const cases = await deps.library.search({ ...common, kind: 'case', signature, limit: caseLimit })
  const docs = await deps.library.search({ ...common, kind: 'doc', signature: null, limit: docLimit })
  if (cases.answeredBy !== deps.library.store) {
    notes.push('Qdrant could not be reached: the embedded library answered, with the shipped entries and what this process wrote.')
  }
  return { cases: cases.hits, docs: docs.hits, answeredBy: cases.answeredBy, notes }
}

async function embedQuery(text: string, { embedder, signal }: RetrievalDeps, notes: string[]): Promise<number[] | null> {
  if (embedder === null) return null
  try {
    return (await embedder.embed([text], 'query', signal))[0] ?? null
  } catch (error) {
    signal.throwIfAborted()
    notes.push(
      `The embedding model could not be asked (${error instanceof Error ? error.message : String(error)}): found by signature and words.`,
    )
    return null
  }
}

const topicWords = {
  compute: 'compute-bound MXU utilization',
  hbm: 'HBM-bound memory bandwidth',
  communication: 'communication-bound collectives exposed',
  host: 'host-bound input pipeline infeed offload',
  capacity: 'out of memory capacity remat',
} as const

const axisWords: Record<Axis, string> = {
  replica: 'replica axis replicated parameters gradient all-reduce',
  stage: 'pipeline parallelism stage bubble',
  data: 'FSDP data axis shards parameters',
  seq: 'context parallelism sequence axis long context',
  model: 'tensor parallelism model axis',
  expert: 'expert parallelism MoE expert axis',
}

/** What a card rests on: at most two cases alike, those with the same mesh first, and two sections about what it moves. */
export async function evidenceFor(
  card: Verdict,
  { situation, analysis, retrieved }: { situation: Situation; analysis: Analysis; retrieved: Retrieved },
  deps: RetrievalDeps,
): Promise<Evidence[]> {
  const cases = retrieved.cases
    .filter((hit) => (hit.similarity ?? 0) >= leastSimilarity && isOfSameKind(hit.item, card))
    .map((hit) => ({ hit, worth: caseWorth(hit, card, deps.tenant) }))
    .sort((a, b) => b.worth - a.worth)
    .map(({ hit }) => ({ ...caseEvidence(hit), stance: stanceOfCase(hit.item, card) }))
    .filter((one, i, all) => all.findIndex((other) => other.title === one.title) === i)
    .slice(0, 2)
  const documents = new Map<string, Hit<'doc'>>()
  const questions = docQuestions(card, situation, analysis)
  const embeddings = await embedQueries(questions, deps)
  for (const [i, text] of questions.entries()) {
    const embedding = embeddings[i] ?? null
    const { hits } = await deps.library.search({ kind: 'doc', tenant: deps.tenant, text, signature: null, embedding, limit: 12 })
    const hit = hits.find(({ item }) => isAbout(item, situation) && !documents.has(documentOf(item)))
    if (hit) documents.set(documentOf(hit.item), hit)
  }
  return [...cases, ...[...documents.values()].map(docEvidence)]
}

/** The questions' embeddings; none where no model is configured or it does not answer, which the run's retrieval has said. */
async function embedQueries(questions: readonly string[], { embedder, signal }: RetrievalDeps): Promise<number[][]> {
  if (embedder === null) return []
  try {
    return await embedder.embed([...questions], 'query', signal)
  } catch {
    signal.throwIfAborted()
    return []
  }
}

/** A case speaks against a card where its mesh was left for a faster one, ran out of memory, failed, or proved wrong. */
function stanceOfCase({ from, to, dcn, result, status }: Case, card: Verdict): Evidence['stance'] {
  const isCard = (mesh: Case['to']) => mesh !== null && samePlaced({ mesh, dcn }, card)
  if (isCard(from)) return 'against'
  return isCard(to) && ((result !== null && result !== 'ok') || status === 'refuted') ? 'against' : 'for'
}

/** Anchors of sections that say when something is not worth it; the names that docs/writing-knowledge.md gives them. */
const warnings: ReadonlySet<string> = new Set(['when-not', 'when-it-costs', 'loses', 'not', 'look-twice', 'trap'])

function stanceOfSection(id: string): Evidence['stance'] {
  return warnings.has(id.split('#')[1] ?? '') ? 'against' : 'for'
}

function documentOf({ id }: DocSection): string {
  return id.split('#')[0]!
}

/**
 * Whether a case's mesh, the one left or the one taken, uses the axes that the card uses: of another kind of mesh it would say
 * nothing.
 */
function isOfSameKind({ from, to }: Case, card: Verdict): boolean {
  return [from, to].some((mesh) => mesh !== null && axes.every((axis) => axisSize(mesh, axis) > 1 === axisSize(card.mesh, axis) > 1))
}

/** Likeness, and before it: what this workspace ran itself, and of that and the rest the very mesh of the card. */
function caseWorth(hit: Hit<'case'>, card: Verdict, tenant: string): number {
  const { to, dcn } = hit.item
  const sameProposal = to !== null && samePlaced({ mesh: to, dcn }, card)
  return (hit.similarity ?? 0) + (hit.tenant === tenant ? 2 : 0) + (sameProposal ? 1 : 0)
}

/** What to look up for a card: what it uses more of (or else changes), and what holds the job back. */
function docQuestions(card: Verdict, { baseline, workload }: Situation, analysis: Analysis): string[] {
  const before = (axis: Axis) => (baseline ? axisSize(baseline.mesh, axis) : 1)
  const grown = axes.filter((axis) => axisSize(card.mesh, axis) > before(axis))
  const settings = Object.keys(card.changes).map((name) => (name === 'flags' ? 'optimizer host offload' : name.replaceAll('_', ' ')))
  // the axis that grew from nothing says most of what is new, and anything more than FSDP
  const fresh = grown.filter((axis) => before(axis) === 1)
  const special = (fresh.length > 0 ? fresh : grown).filter((axis) => axis !== 'data')
  const idea = [...(special.length > 0 ? special : grown).map((axis) => axisWords[axis]), ...settings].join(' ')
  const topic = analysis.bottleneck.class === 'unknown' ? '' : topicWords[analysis.bottleneck.class]
  const phase = workload.phase === 'train' ? '' : `serving ${workload.phase}`
  return [`${idea} when it pays`, `${topic} ${phase} ${workload.slice.chip}`]
}

export function caseEvidence(hit: Hit<'case'>): Evidence {
  const { item } = hit
  return {
    kind: 'case',
    stance: 'for',
    moved: false,
    id: item.id,
    title: titleOfCase(item),
    uri: safeUri(item.sources[0]?.uri) ?? `case:${item.id}`,
    score: round(hit.similarity ?? hit.score),
  }
}

export function docEvidence(hit: Hit<'doc'>): Evidence {
  const { item }: { item: DocSection } = hit
  return {
    kind: 'doc',
    stance: stanceOfSection(item.id),
    moved: false,
    id: item.id,
    title: item.title,
    // our own text lies with the program; what it was written from can be opened anywhere
    uri: safeUri(item.sources[0]?.uri) ?? item.uri,
    score: round(hit.score),
  }
}

/** A web address or one of our own; whatever else a case names as its source is not linked. */
function safeUri(uri: string | undefined): string | null {
  return uri !== undefined && (/^https?:\/\/[^\s<>|"]+$/.test(uri) || /^(run|case):[A-Za-z0-9._-]+$/.test(uri)) ? uri : null
}

/**
 * `llama2-70b on v5p 4x4x4: data=16 · model=4 → data=32 · model=2, 28.9 s → 22.4 s (confirmed)`; one that proved wrong says so
 * first.
 */
export function titleOfCase({ workload, from, to, result, status, measured_before_ms: before, measured_after_ms: after }: Case): string {
  const model = harmless(typeof workload.model === 'string' ? workload.model : (workload.model.name ?? 'a model'))
  const meshes = [from, to].filter((mesh) => mesh !== null).map((mesh) => formatMesh(mesh))
  const times = [before, after].filter((time) => time !== null).map(formatMs)
  const ending = result === 'oom' ? ', out of memory' : times.length > 0 ? `, ${times.join(' → ')}` : ''
  const told = status === 'published' ? '' : ` (${status})`
  return `${status === 'refuted' ? 'Proved wrong: ' : ''}${model} on ${workload.chip} ${harmless(workload.topology)}: ${meshes.join(' → ')}${ending}${told}`
}

/** Whether a section is about this chip and phase, or about all. */
function isAbout({ chips, phases }: DocSection, { workload }: Situation): boolean {
  return (chips.length === 0 || chips.includes(workload.slice.chip)) && (phases.length === 0 || phases.includes(workload.phase))
}

/** A name that others wrote, without what a chat system could take for a mention or a link, and not longer than a name. */
function harmless(name: string): string {
  return name
    .replaceAll(/[<>|`\s]+/g, ' ')
    .trim()
    .slice(0, 80)
}

function round(score: number): number {
  return Math.round(score * 1000) / 1000
}
