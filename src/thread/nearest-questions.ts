import { gatherFacts } from './facts.ts'

/** Questions that can be answered, each with words that are close to it. */
export const answerable: readonly string[] = [
  'why not model=8?',
  'what if batch doubles?',
  'compare 1 and 2',
  'show the evidence',
  'why is it slow?',
  'how sure are you?',
  'what would 10,000 steps cost?',
  'how do I run card 1?',
  'what does MFU mean?',
  'how much HBM does card 1 need?',
  'what if on v6e-256?',
  'what if 2 slices?',
  'what if remat=minimal?',
  'which op takes the most time?',
  'would int8 help?',
]

const shown = 3
const ordinary = new Set(['fill', 'subject', 'how', 'what', 'ran', 'whatif', 'relation', 'per', 'ask', 'record'])

/** The three that are nearest to what was asked: those that share most of what its words mean; the usual ones where none does. */
export function nearestQuestions(text: string): string[] {
  const asked = meaningsOf(text)
  const scored = answerable.map((question, index) => {
    const shared = [...meaningsOf(question)].filter((meaning) => asked.has(meaning)).length
    return { question, score: shared - index / 1000 }
  })
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, shown)
    .map(({ question }) => question)
}

function meaningsOf(text: string): Set<string> {
  const meanings = gatherFacts(text.slice(0, 500), 3).tokens.flatMap((one) => [...one.concepts])
  return new Set(meanings.filter((meaning) => !ordinary.has(meaning)))
}
