import type { HloModule } from '../types.ts'
import { hasOp } from './has-op.ts'
import { type InferredJob, likely, sure } from './inferred.ts'
import type { ProgramInput } from './program-inputs.ts'
import { outerTrips } from './step-loops.ts'

type RunPart = Pick<
  InferredJob,
  'phase' | 'globalBatch' | 'seqLen' | 'microbatches' | 'optimizer' | 'weightType' | 'optimizerType' | 'cacheType'
> & {
  /** Over how many devices the batch is split; null where no input is known to be a batch. */
  batchSplit: number | null
  sequenceSplit: number
}

const tokenNames = /^(inputs|tokens|input_ids|token_ids|decoder_input_tokens|targets)$/

/**
 * What a program does in a step: its phase, batch and sequence, from its inputs; recomputation and accumulation from its loops
 * and names.
 */
export function inferRun(
  module: HloModule,
  inputs: readonly ProgramInput[],
  { layers, stacks }: { layers: number | null; stacks: ReadonlySet<number> },
): RunPart {
  const tokens = inputs.find(
    (input) => input.kind === 'batch' && input.dims.length === 2 && input.path.some((part) => tokenNames.test(part)),
  )
  const caches = inputs.filter((input) => input.kind === 'cache' && input.dims.length >= 4)
  const states = inputs.filter((input) => input.kind === 'optimizer' && input.dims.length > 0)
  const train = states.length > 0 || hasOp(module, /transpose\(jvp/)
  const decode = !train && caches.length > 0 && (tokens?.dims[1] ?? 1) === 1
  const cache = caches[0] === undefined ? null : cacheAxes(caches[0], tokens, layers)
  const weight = inputs.find((input) => input.kind === 'weight' && input.dims.length >= 2)
  const part: RunPart = {
    phase: train
      ? sure('train', states.length > 0 ? 'the program updates an optimizer state' : 'the program computes gradients')
      : decode
        ? sure('decode', 'one token of each sequence and a cache go in')
        : tokens
          ? sure('prefill', 'whole sequences go in, and nothing is updated')
          : null,
    globalBatch: tokens ? sure(tokens.dims[0]!, tokens.name) : null,
    seqLen: decode
      ? cache === null
        ? null
        : sure(cache.length, `the length of ${caches[0]!.name}`)
      : tokens
        ? sure(tokens.dims[1]!, tokens.name)
        : null,
    microbatches: null,
    optimizer: train ? optimizerOf(states) : null,
    weightType: weight ? sure(weight.type, weight.name) : null,
    optimizerType:
      states.length > 0 ? sure(states.find((state) => state.dims.length >= 2)?.type ?? states[0]!.type, states[0]!.name) : null,
    cacheType: caches[0] === undefined ? null : sure(caches[0].type, caches[0].name),
    batchSplit: tokens?.split[0] ?? null,
    sequenceSplit: decode ? (cache?.split ?? 1) : (tokens?.split[1] ?? 1),
  }
  if (train) {
    const outer = outerTrips(module, stacks)
    part.microbatches =
      outer === null ? likely(1, 'no loop runs the layers more than once per step') : sure(outer, 'a loop around the layers')
  }
  return part
}

/** The axis of a cache that is as long as the context: not the layers, the batch, the heads or their width (the last). */
function cacheAxes(cache: ProgramInput, tokens: ProgramInput | undefined, layers: number | null): { length: number; split: number } | null {
  const taken = new Set<number>([cache.dims.length - 1])
  for (const size of [layers, tokens?.dims[0] ?? null]) {
    const at = size === null ? -1 : cache.dims.findIndex((dim, i) => dim === size && !taken.has(i))
    if (at >= 0) taken.add(at)
  }
  const left = cache.dims.map((length, i) => ({ length, split: cache.split[i]!, i })).filter(({ i }) => !taken.has(i))
  return left.reduce<(typeof left)[number] | null>(
    (longest, one) => (longest === null || one.length > longest.length ? one : longest),
    null,
  )
}

function optimizerOf(states: readonly ProgramInput[]): InferredJob['optimizer'] {
  const has = (part: string) => states.some((state) => state.path.includes(part))
  if (has('mu') && has('nu')) return sure('adamw', 'the optimizer keeps two moments')
  if (has('v_row') || has('v_col')) return sure('adafactor', 'the optimizer keeps factored moments')
  if (has('mu')) return likely('lion', 'the optimizer keeps one moment')
  return states.length === 0 ? likely('sgd', 'no optimizer state goes in') : null
}
