import { exchangesHeads } from './run-flags.ts'
import type { ResolvedRun } from './workload.ts'

/** MaxText's settings of the query's block in its flash kernel and both of its backward passes, and their default (base.yml). */
const blockSettings = ['sa_block_q', 'sa_block_q_dkv', 'sa_block_q_dq'] as const
const defaultBlock = 512
/** Tokens from which a block of keys is chosen, and the largest that is. */
const longSequence = 32_768
const longBlock = 2048
/** What the kernel's blocks are multiples of (tokamax and splash: "block_q must be a multiple of 128"). */
const lanes = 128

export interface AttentionBlock {
  name: string
  /** Tokens: what the run says, or the default, and the largest block below it that divides a shard; null where none does. */
  said: number
  fitting: number | null
}

type AttendingRun = Pick<ResolvedRun, 'attention' | 'flags' | 'seq_len'>

/** Whether no block at all divides a shard of the sequence. */
export function hasNoBlock(run: AttendingRun, seq: number): boolean {
  return cutsFlash(run, seq) && (run.seq_len / seq) % lanes !== 0
}

/** Whether the flash kernel sees a shard of the queries: not where heads are exchanged for the whole sequence. */
function cutsFlash(run: AttendingRun, seq: number): boolean {
  return seq > 1 && run.attention === 'flash' && run.seq_len % seq === 0 && !exchangesHeads(run.flags)
}

/**
 * The blocks of MaxText's flash kernel that do not divide the tokens of a shard: with context parallelism the kernel refuses them
 * (splash_attention_mask_info.py, "q_block_size should divide q_seq_len_per_shard"). Empty where the sequence is whole: not cut,
 * heads exchanged for it, or another kernel.
 */
export function blocksToChange(run: AttendingRun, seq: number): AttentionBlock[] {
  if (!cutsFlash(run, seq)) return []
  const shard = run.seq_len / seq
  return blockSettings.flatMap((name) => {
    const said = Math.min(sizeOf(run.flags[name]), run.seq_len)
    return shard % said === 0 ? [] : [{ name, said, fitting: largestBlock(shard, said) }]
  })
}

/**
 * Gradients of the queries, whole, that one fused backward pass makes: a part for every block of keys, which are added up after
 * it (splash_attention_kernel.py, `dq_unreduced`); 0 where the passes are apart. Compiled with MaxText 0.2.5: Llama-3.1-8B on
 * eight v5p, 32 sequences of 8192, takes 4.0 GiB more with `sa_use_fused_bwd_kernel`.
 */
export function fusedBackwardParts({ attention, flags, seq_len }: AttendingRun): number {
  if (attention !== 'flash' || !isFused(flags)) return 0
  return Math.ceil(seq_len / (longKeyBlock({ attention, flags, seq_len }) ?? Math.min(sizeOf(flags.sa_block_kv_dkv), seq_len)))
}

/**
 * The block of keys for a fused backward pass over a long sequence where the run does not say it: with MaxText's default the
 * parts alone are more than a device holds (Llama-3.1-70B on 129,024 tokens: 62 GiB), and its authors' own runs take 2048. null
 * where the run's own holds.
 */
export function longKeyBlock({ attention, flags, seq_len }: AttendingRun): number | null {
  if (attention !== 'flash' || !isFused(flags) || flags.sa_block_kv_dkv !== undefined || seq_len < longSequence) return null
  const block = largestBlock(seq_len, longBlock)
  return block !== null && block > defaultBlock ? block : null
}

function isFused(flags: AttendingRun['flags']): boolean {
  return flags.sa_use_fused_bwd_kernel?.toLowerCase() === 'true'
}

function sizeOf(flag: string | undefined): number {
  const size = Number(flag)
  return Number.isInteger(size) && size > 0 ? size : defaultBlock
}

function largestBlock(shard: number, most: number): number | null {
  for (let size = Math.floor(Math.min(most, shard) / lanes) * lanes; size >= lanes; size -= lanes) if (shard % size === 0) return size
  return null
}
