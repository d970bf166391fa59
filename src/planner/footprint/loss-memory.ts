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
 * As read from compiled schedules. The logits stand once in the activations' type and become their own gradient. Where the table's gradient is
 * reduced over a ring of few devices (`ringed`), the product is a loop over them that the compiler puts after the layers' backward pass: the
 * logits live until then. Elsewhere the whole gradient of the table is made at once, before it is reduced.
 * In tiles, one piece's logits and their gradient live, with the gradients of the hidden states and of the table.
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
  if (ringed(s, c)) {
    const once = bytes * whole
    // rows of one or two sequences are contracted as they lie, more are laid out anew
    const copies = tokens / (run.seq_len / s.seq) > 2 ? c.logits_copies : 0
    return { logits: (1 + copies) * once + piece, table: gathered, kept: once }
  }
  return { logits: bytes * whole + piece, table: 2 * gathered, kept: 0 }
}

/** Whether a table's gradient is reduced in a loop over the shards. */
function ringed(s: Shards, c: CostModel['memory']): boolean {
  return s.replica === 1 && s.weights >= c.ring_fewest && s.weights <= c.ring_most
}
