import { type Framework, frameworkSchema } from '../contract/experiment.ts'
import { gatherFacts, takeStepCounts } from './facts.ts'
import { named } from './token.ts'

/** What a question about an answer is about. */
export interface Topic {
  about:
    | 'meaning'
    | 'snippet'
    | 'cost'
    | 'duration'
    | 'precision'
    | 'sureness'
    | 'compiler'
    | 'memory'
    | 'ordering'
    | 'ops'
    | 'communication'
    | 'bottleneck'
    | 'figure'
    | 'best'
    | null
  /** A term of knowledge/terms.json that is named. */
  term: string | null
  cards: number[]
  framework: Framework | null
  precision: 'int8' | 'fp8' | 'bf16' | 'int4' | null
  steps: number | null
}

const communication = new Set([
  'communication',
  'exposed',
  'allgather',
  'allreduce',
  'reducescatter',
  'alltoall',
  'permute',
  'collective',
  'ici',
  'dcn',
])
const figures = new Set(['mfu', 'bandwidth', 'mxu', 'dutycycle', 'roofline', 'throughput', 'latency', 'flops', 'communication', 'exposed'])

/** Reads what a question is about; `about` is null where nothing that can be computed is named. */
export function readTopic(text: string): Topic {
  const facts = gatherFacts(text.slice(0, 1000), 3)
  const { key, has, tokens } = facts
  const terms = tokens.flatMap((one) => named(one, 'term:') ?? (named(one, 'axis:') === null ? [] : `axis:${named(one, 'axis:')}`))
  const words = new Set(tokens.map((one) => one.text))
  const framework = frameworkSchema.options.find((name) => words.has(name)) ?? null
  const precision = (['int8', 'fp8', 'int4', 'bf16'] as const).find((name) => terms.includes(name)) ?? null
  const steps = takeStepCounts(tokens)
  const loose = facts.cards.length === 0 && has('better', 'card', 'compare') ? facts.looseCards() : []
  const topic = { term: terms[0] ?? plainTerm(facts), cards: [...facts.cards, ...loose], framework, precision, steps }
  const asksMeaning =
    [...words].some((word) => /^(?:mean|means|meaning|define|definition|bedeutet|heisst|significa|意思|什么意思|意味|とは)$/.test(word)) ||
    (key('what') && /\b(?:stands? for|meant by)\b/.test(text))
  const about = (): Topic['about'] => {
    if (asksMeaning && topic.term !== null) return 'meaning'
    if (
      framework !== null ||
      key('howrun') ||
      (tokens.some(({ text: word }) => word.startsWith('how ') || word === 'how') && words.has('run'))
    )
      return 'snippet'
    if (key('cost')) return 'cost'
    if (steps !== null && (key('days', 'how') || has('days'))) return 'duration'
    if (precision !== null || terms.includes('dtype')) return 'precision'
    if (key('sure')) return 'sureness'
    if (
      [...words].some((word) =>
        /^(?:compiler|compiled|compile|compiles|编译|编译器|コンパイル|コンパイラ|kompiliert|compilador|compilo|compilado)$/.test(word),
      )
    )
      return 'compiler'
    if (terms.includes('loss')) return 'meaning'
    if (topic.cards.length > 0 && (key('better', 'why') || has('better'))) return 'ordering'
    if (terms.includes('hbm') || key('fit', 'oom')) return 'memory'
    if (terms.includes('op') || [...words].some((word) => /^(?:hotspot|eats|eating)$/.test(word))) return 'ops'
    if (terms.some((term) => communication.has(term)) && key('why', 'slow')) return 'communication'
    if (key('slow')) return 'bottleneck'
    if (key('better')) return 'best'
    if (terms.some((term) => figures.has(term))) return 'figure'
    if (terms.some((term) => communication.has(term))) return 'communication'
    if (topic.term !== null && (key('what', 'how', 'ask') || words.has('what'))) return 'meaning'
    if (key('why') && facts.length <= 4) return 'bottleneck'
    return null
  }
  return { about: about(), ...topic }
}

function plainTerm({ has }: ReturnType<typeof gatherFacts>): string | null {
  for (const [concept, term] of [
    ['remat', 'remat'],
    ['micro', 'micro'],
    ['batch', 'batch'],
    ['slices', 'slices'],
  ] as const)
    if (has(concept)) return term
  return null
}
