import type { CostModel } from '../cost-model.ts'
import type { ModelTerms } from '../model/model-terms.ts'
import type { ResolvedModel } from '../model/resolved-model.ts'
import type { Shards } from '../shards.ts'
import { dtypeBytes, type ResolvedRun } from '../workload.ts'

export interface LossInput {
  model: ResolvedModel
  terms: ModelTerms
  run: ResolvedRun
  constants: CostModel['memory']
}

/** Bytes on one device that the loss needs: the logits, and the table that they are made with and its gradient. */
export interface LossMemory {
  /** Logits and their gradient while the loss is worked out. */
  logits: number
  /** The gathered table and, beside it, what its gradient needs. */
  table: number
  /** Of both, what lives on through the layers' backward pass. */
  kept: number
}

/** MaxText's setting that works out the loss in so many pieces of the tokens, one after the other. */
export const vocabTilingFlag = 'num_vocab_tiling'

export function vocabTiles(run: ResolvedRun): number {
  const tiles = Number(run.flags[vocabTilingFlag] ?? 1)
  return Number.isInteger(tiles) && tiles > 0 ? tiles : 1
}

/**
 * As read from compiled schedules. Where the table's gradient is reduced over no replicas and few devices (`ring_most`), its
 * product comes in pieces, one a device, after the layers' backward pass: the logits, or their gradient, live until then, and
 * while the loss is worked out both do. Elsewhere the logits become their own gradient, and the whole gradient of the table is
 * made at once, before it is reduced. In tiles, one piece's logits and their gradient live, with the gradients of the hidden
 * states and of the table.
 */
export function lossMemory({ model, terms, run, constants: c }: LossInput, s: Shards, tokens: number): LossMemory {
  const bytes = dtypeBytes[run.activation_dtype]
  const vocab = model.vocab / s.vocab
  const whole = (tokens / s.stage) * vocab
  const gathered = s.weights > 1 ? (terms.table / s.vocab) * bytes : 0
  const tiles = vocabTiles(run)
  if (tiles > 1) {
    const hidden = 2 * tokens * (model.embed / s.embed) * bytes
    const gradient = (terms.table / (s.weights * s.vocab)) * dtypeBytes[run.gradient_dtype]
    return { logits: (2 * bytes * whole) / tiles, table: 2 * gathered + hidden + gradient, kept: hidden + gradient }
  }
  // over a model axis the product with the table comes in pieces: one more of them is alive beside the whole
  const piece = s.vocab > 1 ? (bytes * whole) / s.vocab : 0
  const once = bytes * whole
  if (s.replica > 1 || s.weights > c.ring_most) return { logits: once + piece, table: 2 * gathered, kept: 0 }
  const both = 1 + (materialized(s, tokens / (run.seq_len / s.seq)) ? 1 : 0)
  return { logits: both * once + piece, table: gathered, kept: once }
}

/** A product in few pieces works the gradient out from the logits each time, unless a device holds more than two sequences. */
function materialized({ weights }: Shards, sequences: number): boolean {
  return weights > 4 || (weights > 1 && sequences > 2)
}
