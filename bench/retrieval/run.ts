import { readFileSync, writeFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { readConfig } from '../../src/config.ts'
import { type Case, caseSchema } from '../../src/contract/case.ts'
import { entryOfCase } from '../../src/knowledge/case-entry.ts'
import { createGeminiEmbedder, type Embedder } from '../../src/knowledge/embeddings.ts'
import { createGeminiClient } from '../../src/knowledge/gemini/client.ts'
import { embedEntries, indexLibrary } from '../../src/knowledge/index-library.ts'
import type { Channel, Library, LibraryEntry } from '../../src/knowledge/library.ts'
import { createQdrantLibrary } from '../../src/knowledge/qdrant-library.ts'
import { readKnowledge, shippedKnowledge } from '../../src/knowledge/read-knowledge.ts'
import { createSqliteLibrary } from '../../src/knowledge/sqlite-library.ts'
import { has } from '../../test/support/needs.ts'
import { startQdrant } from '../../test/support/qdrant-server.ts'
import { createTrigramEmbedder } from './trigram-embedder.ts'

const right = z.strictObject({ chips: z.array(z.string()), models: z.array(z.string()), topologies: z.array(z.string()).optional() })
const fileSchema = z.strictObject({
  docs: z.array(z.strictObject({ q: z.string(), right: z.array(z.string()).min(1) })),
  cases: z.array(
    z.strictObject({
      q: z.string(),
      chip: z.string(),
      topology: z.string(),
      slices: z.int().default(1),
      model: z.string(),
      seq_len: z.int(),
      global_batch: z.int(),
      right,
    }),
  ),
})

const folder = new URL('./', import.meta.url)
const queries = fileSchema.parse(parse(readFileSync(new URL('queries.yaml', folder), 'utf8')))
const signal = new AbortController().signal
const limit = 10

interface Question {
  kind: 'case' | 'doc'
  text: string
  signature: number[] | null
  embedding: number[]
  isRight: (id: string, item: unknown) => boolean
}

async function questions(embedder: Embedder): Promise<Question[]> {
  const texts = [...queries.docs, ...queries.cases].map((query) => query.q)
  const vectors = await embedder.embed(texts, 'query', signal)
  const docs = queries.docs.map((query, i) => ({
    kind: 'doc' as const,
    text: query.q,
    signature: null,
    embedding: vectors[i]!,
    isRight: (id: string) => query.right.includes(id.split('#')[0]!),
  }))
  const cases = queries.cases.map((query, i) => ({
    kind: 'case' as const,
    text: query.q,
    signature: entryOfCase(asCase(query)).signature,
    embedding: vectors[queries.docs.length + i]!,
    isRight: (_id: string, item: unknown) => isRightCase(item as Case, query.right),
  }))
  return [...docs, ...cases]
}

function asCase(query: (typeof queries.cases)[number]): Case {
  return caseSchema.parse({
    id: 'q',
    tenant: 'bench',
    experiment: 'q',
    workload: {
      chip: query.chip,
      topology: query.topology,
      slices: query.slices,
      model: query.model,
      phase: 'train',
      run: { global_batch: query.global_batch, seq_len: query.seq_len },
    },
    from: null,
    to: null,
    dcn: {},
    bottleneck: 'unknown',
    result: null,
    predicted_step_ms: null,
    measured_before_ms: null,
    measured_after_ms: null,
    status: 'adopted',
    by: null,
    at: '',
    sources: [],
  })
}

function isRightCase(item: Case, { chips, models, topologies }: z.infer<typeof right>): boolean {
  const { chip, model, topology } = item.workload
  return chips.includes(chip) && models.includes(String(model)) && (topologies === undefined || topologies.includes(topology))
}

interface Score {
  store: string
  kind: string
  channel: string
  queries: number
  at1: number
  at3: number
  at5: number
  mrr: number
}

async function measure(library: Library, store: string, asked: readonly Question[]): Promise<Score[]> {
  const scores: Score[] = []
  const channels: [string, Channel[]][] = [
    ['signature', ['signature']],
    ['text', ['text']],
    ['sparse', ['sparse']],
    ['fused', ['signature', 'text', 'sparse']],
    ['fused without text', ['signature', 'sparse']],
  ]
  for (const kind of ['doc', 'case'] as const) {
    const mine = asked.filter((question) => question.kind === kind)
    for (const [name, only] of channels) {
      if (kind === 'doc' && (name === 'signature' || name === 'fused without text')) continue
      const ranks: (number | null)[] = []
      for (const question of mine) {
        const { hits } = await library.search({
          kind,
          tenant: 'bench',
          text: question.text,
          signature: question.signature,
          embedding: question.embedding,
          limit,
          channels: only,
        })
        const at = hits.findIndex((hit) => question.isRight(hit.item.id, hit.item))
        ranks.push(at < 0 ? null : at + 1)
      }
      const share = (k: number) => ranks.filter((rank) => rank !== null && rank <= k).length / ranks.length
      const mrr = ranks.reduce<number>((sum, rank) => sum + (rank === null ? 0 : 1 / rank), 0) / ranks.length
      scores.push({ store, kind, channel: name, queries: mine.length, at1: share(1), at3: share(3), at5: share(5), mrr })
    }
  }
  return scores
}

function table(scores: readonly Score[]): string {
  const percent = (value: number) => `${(value * 100).toFixed(0)}%`
  const rows = scores.map(
    (one) =>
      `| ${one.store} | ${one.kind} | ${one.channel} | ${one.queries} | ${percent(one.at1)} | ${percent(one.at3)} | ${percent(one.at5)} | ${one.mrr.toFixed(3)} |`,
  )
  return [
    '| Store | What | Channel | Queries | Right at 1 | in 3 | in 5 | Mean reciprocal rank |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n')
}

const entries: LibraryEntry[] = await readKnowledge([shippedKnowledge])
const config = readConfig(process.env)
const client = createGeminiClient(config)
const embedder = client
  ? createGeminiEmbedder({ client, model: config.PROMPTS_EMBEDDING_MODEL, vertex: config.GOOGLE_GENAI_USE_VERTEXAI })
  : createTrigramEmbedder(entries.map((entry) => entry.text))
const asked = await questions(embedder)
const embedded = await embedEntries(entries, embedder, signal)

const scores: Score[] = []
const sqlite = createSqliteLibrary({ path: ':memory:' })
await indexLibrary(sqlite, embedded, { embedder: null, signal })
scores.push(...(await measure(sqlite, 'SQLite', asked)))
await sqlite.close()

let note = 'Qdrant: not run (neither QDRANT_URL nor qdrant-client: npm run setup:test-servers).'
if (process.env.QDRANT_URL || has('qdrant-client')) {
  const server = await startQdrant()
  const library = createQdrantLibrary({ url: server.url, embedding: embedder, timeoutMs: 60_000 })
  await library.upsert(embedded)
  scores.push(...(await measure(library, 'Qdrant', asked)))
  note = server.kind === 'server' ? 'Qdrant: a real server at QDRANT_URL.' : "Qdrant: the bridge to qdrant-client's local mode."
  await server.stop()
}

const cases = entries.filter((entry) => entry.kind === 'case').length
const report = [
  '# Retrieval',
  '',
  '`npm run bench:retrieval` asks the shipped library what engineers ask (`queries.yaml`) and looks at which place the first right answer comes.',
  `${asked.length} queries over ${cases} cases and ${entries.length - cases} document sections. A document is right when it is one that the question names, whatever its section;`,
  'a case is right when it ran the same model (or one that the question names) on the same chip, and where the question says so the same slice.',
  '',
  client
    ? `Text vectors: ${embedder.name}.`
    : 'Text vectors: letter trigrams stand in, because no key was given; they know spelling, not meaning. With GEMINI_API_KEY the same command measures Gemini’s.',
  note,
  '',
  table(scores),
  '',
].join('\n')
writeFileSync(new URL('results.md', folder), report)
console.log(report)
