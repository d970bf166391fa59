import { modelTerms } from './model-terms.ts'
import type { ResolvedModel } from './resolved-model.ts'

/** What follows from a model's layers, as `import hf` and `check` print it. Counts, not billions. */
export interface ModelFacts {
  /** All that the decoder holds, and that less the routed experts that a token does not visit. */
  parameters: number
  activeParameters: number
  /** Bytes of a two-byte cache that every further token adds: the layers that attend to all of it. */
  kvBytesPerToken: number
  /** Layers that attend within a window or a chunk (the widest one), and what they hold of each of its tokens. */
  windowLayers: { count: number; window: number; bytesPerToken: number } | null
  /** Layers that keep a state, and its bytes a sequence over all of them. */
  linearLayers: number
  stateBytes: number
}

export function modelFacts(model: ResolvedModel): ModelFacts {
  const terms = modelTerms(model)
  const facts: ModelFacts = {
    parameters: terms.total,
    activeParameters: terms.total,
    kvBytesPerToken: 0,
    windowLayers: null,
    linearLayers: 0,
    stateBytes: 0,
  }
  for (const { attention, mlp, count } of terms.kinds) {
    if (mlp) facts.activeParameters -= count * mlp.experts * (1 - mlp.expertsPerToken / Math.max(1, mlp.expertCount))
    if (!attention) continue
    facts.stateBytes += count * attention.stateBytes
    if (attention.kind === 'linear') facts.linearLayers += count
    const bytes = 2 * count * (attention.cacheByKvHeads + attention.cacheWhole)
    if (attention.span === null) facts.kvBytesPerToken += bytes
    else {
      const so = facts.windowLayers ?? { count: 0, window: 0, bytesPerToken: 0 }
      facts.windowLayers = {
        count: so.count + count,
        window: Math.max(so.window, attention.span),
        bytesPerToken: so.bytesPerToken + bytes,
      }
    }
  }
  return facts
}
