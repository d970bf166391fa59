import type { Embedder } from '../../src/knowledge/embeddings.ts'
import { toUnitLength } from '../../src/knowledge/signature.ts'
import { wordsOf } from '../../src/knowledge/words.ts'

/**
 * Stands in for a text embedding where there is no key: letter trigrams hashed into a vector, rare ones weighing more. It knows
 * spelling, not meaning, so its figures say how the text channel is wired, not how good Gemini's vectors are.
 */
export function createTrigramEmbedder(corpus: readonly string[], dimensions = 768): Embedder {
  const counts = new Map<string, number>()
  for (const text of corpus) for (const gram of new Set(gramsOf(text))) counts.set(gram, (counts.get(gram) ?? 0) + 1)
  const weightOf = (gram: string) => Math.log(1 + corpus.length / (1 + (counts.get(gram) ?? 0)))
  return {
    name: 'trigram-stand-in',
    dimensions,
    async embed(texts) {
      return texts.map((text) => {
        const vector = new Array<number>(dimensions).fill(0)
        for (const gram of gramsOf(text)) {
          const hash = hashOf(gram)
          vector[hash % dimensions]! += (hash & 0x10000 ? 1 : -1) * weightOf(gram)
        }
        return toUnitLength(vector.map((value) => Math.sign(value) * Math.sqrt(Math.abs(value))))
      })
    },
  }
}

function gramsOf(text: string): string[] {
  return wordsOf(text).flatMap((word) => {
    const padded = ` ${word} `
    return Array.from({ length: Math.max(1, padded.length - 2) }, (_, i) => padded.slice(i, i + 3))
  })
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
