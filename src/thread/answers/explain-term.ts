import { z } from 'zod'
import { lazyKnowledge } from '../../knowledge/data/read-data.ts'

const terms = lazyKnowledge(
  'terms.json',
  z.strictObject({
    about: z.string(),
    terms: z.record(z.string(), z.strictObject({ name: z.string(), meaning: z.string(), doc: z.string() })),
  }),
)

/** What a term means, by its id in knowledge/terms.json; null for one that is not there. */
export function explainTerm(id: string): string | null {
  const term = terms().terms[id]
  return term === undefined ? null : `${term.name}: ${term.meaning} (more in docs/${term.doc})`
}
