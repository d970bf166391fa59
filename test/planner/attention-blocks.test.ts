import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blocksToChange, hasNoBlock } from '../../src/planner/attention-blocks.ts'

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
