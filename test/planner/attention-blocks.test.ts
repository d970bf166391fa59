import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resolveWorkload } from '../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../src/knowledge/data/catalog.ts'
import { blocksToChange, fusedBackwardParts, hasNoBlock, longKeyBlock } from '../../src/planner/attention-blocks.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'

const offload = { decoder_layer_input: 'offload', query_proj: 'offload', key_proj: 'offload', value_proj: 'offload', out_proj: 'offload' }
const flash = { attention: 'flash', flags: {}, seq_len: 9216 } as const

describe('blocksToChange', () => {
  it('takes the largest block below the one said that divides a shard', () => {
    // compiled with MaxText 0.2.5: 1152 tokens take blocks of 384, and 512 is refused
    expect(blocksToChange(flash, 8)).toEqual(
      ['sa_block_q', 'sa_block_q_dkv', 'sa_block_q_dq'].map((name) => ({ name, said: 512, fitting: 384 })),
    )
    expect(blocksToChange({ ...flash, flags: { sa_block_q: '2048' } }, 8)[0]).toEqual({ name: 'sa_block_q', said: 2048, fitting: 1152 })
  })

  it('leaves alone what sees the whole sequence', () => {
    expect(blocksToChange(flash, 1)).toEqual([])
    expect(blocksToChange({ ...flash, attention: 'dot_product' }, 8)).toEqual([])
    expect(blocksToChange({ ...flash, flags: { context_parallel_strategy: 'ulysses' } }, 8)).toEqual([])
  })

  it('finds none where a shard is no multiple of 128', () => {
    expect(hasNoBlock({ ...flash, seq_len: 1024 }, 16)).toBe(true)
    expect(hasNoBlock(flash, 8)).toBe(false)
  })

  it('gives blocks that the kernel takes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2048 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 32 }),
        (lanes, half, block) => {
          const seq = 2 * half
          const run = { ...flash, seq_len: lanes * 128 * seq, flags: { sa_block_q: String(block * 128) } }
          const shard = lanes * 128
          expect(hasNoBlock(run, seq)).toBe(false)
          for (const { said, fitting } of blocksToChange(run, seq)) {
            expect(fitting).not.toBeNull()
            expect(fitting! % 128).toBe(0)
            expect(shard % fitting!).toBe(0)
            expect(fitting!).toBeLessThan(said)
          }
        },
      ),
    )
  })
})

describe('fusedBackwardParts', () => {
  it('counts a gradient of the queries for every block of keys', () => {
    const fused = { ...flash, seq_len: 8192, flags: { sa_use_fused_bwd_kernel: 'true' } }
    expect(fusedBackwardParts(fused)).toBe(16)
    expect(fusedBackwardParts({ ...fused, flags: { ...fused.flags, sa_block_kv_dkv: '2048' } })).toBe(4)
    expect(fusedBackwardParts({ ...fused, seq_len: 256 })).toBe(1)
    expect(fusedBackwardParts({ ...fused, seq_len: 129_024 })).toBe(63)
    expect(longKeyBlock({ ...fused, seq_len: 129_024 })).toBe(2048)
    expect(fusedBackwardParts({ ...fused, seq_len: 129_024, flags: { ...fused.flags, sa_block_kv_dkv: '512' } })).toBe(252)
    expect(longKeyBlock(fused)).toBeNull()
    expect(fusedBackwardParts({ ...fused, attention: 'dot_product' })).toBe(0)
    expect(fusedBackwardParts(flash)).toBe(0)
  })

  it('is the memory that the compiler adds: 4.0 GiB for Llama-3.1-8B with 32 sequences of 8192 on eight v5p', () => {
    const of = (flags: Record<string, string>) =>
      verdictOfMesh(
        resolveWorkload(
          {
            ...{ id: 'fused', framework: 'maxtext', phase: 'train', objective: 'throughput', model: 'llama3.1-8b' },
            hardware: { chip: 'v5p', topology: 'v5p-16', slices: 1 },
            run: { global_batch: 32, seq_len: 8192, remat: 'custom', attention: 'flash', flags: { ...offload, ...flags } },
          },
          openCatalog(undefined),
        ),
        { data: 8 },
        {},
      ).memory!.required_gib
    expect(of({ sa_use_fused_bwd_kernel: 'true' }) - of({})).toBeCloseTo(4, 1)
  })
})
