import type { HloModule, HloShape } from '../types.ts'
import { batchWays, type InferredJob } from './inferred.ts'

/** A pair of sizes that is met less often than this share of the commonest is the shape of something else. */
const tellingShare = 1 / 16
const shortest = 64

/**
 * What batch and sequence may be, the likeliest first, where no input is known to be the tokens: the two dimensions before the
 * residual stream's width in the program's own values, times what the mesh splits them by. A shape that a weight has is none.
 */
export function likelyBatches(module: HloModule, job: InferredJob): { batches: number[]; lengths: number[] } {
  const { embed, mesh } = job
  if (embed === null || mesh === null) return { batches: [], lengths: [] }
  const shards = batchWays(mesh)
  const weights = new Set(module.entry.instructions.filter(({ opcode }) => opcode === 'parameter').flatMap(({ shape }) => pairsOf(shape)))
  const pairs = new Map<string, { batch: number; length: number; count: number }>()
  for (const computation of module.computations.values())
    for (const { shape } of computation.instructions) {
      if (shape.dims.at(-1) !== embed.value || shape.dims.length < 3 || isWeight(shape, weights, job)) continue
      const [batch, length] = shape.dims.slice(-3) as [number, number, number]
      const key = `${batch},${length}`
      const pair = pairs.get(key) ?? { batch: batch * shards, length: length * mesh.seq.value, count: 0 }
      pairs.set(key, { ...pair, count: pair.count + 1 })
    }
  const common = [...pairs.values()].sort((a, b) => b.count - a.count || b.length - a.length)
  const told = common.filter(({ count }) => count >= common[0]!.count * tellingShare)
  // beside whole sequences a short one is the shape of something else; a decode step has tokens alone
  const whole =
    job.phase?.value !== 'decode' && told.some(({ length }) => length >= shortest) ? told.filter(({ length }) => length >= shortest) : told
  const batches = [...new Set(whole.map(({ batch }) => batch))]
  return {
    batches: mesh.stage.value > 1 ? ofPipeline(batches, mesh.stage.value) : batches,
    lengths: [...new Set(whole.map(({ length }) => length))],
  }
}

/** What goes through a pipeline at a time is one microbatch: there are as many as stages, or a few times that. */
function ofPipeline([microbatch]: readonly number[], stages: number): number[] {
  return microbatch === undefined ? [] : [4, 2, 1, 8].map((times) => microbatch * stages * times)
}

/** The two dimensions before the last, for every way to leave the axis of layers out. */
function pairsOf({ dims }: HloShape): string[] {
  const inner = dims.slice(0, -1)
  if (inner.length === 2) return [inner.join()]
  return inner.length === 3 ? inner.map((_, left) => inner.filter((_, i) => i !== left).join()) : []
}

function isWeight({ dims }: HloShape, weights: ReadonlySet<string>, { headDim }: InferredJob): boolean {
  const pair = dims.slice(-3, -1)
  return weights.has(pair.join()) || (headDim !== null && pair.includes(headDim.value))
}
