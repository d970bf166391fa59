import { expect, it } from 'vitest'
import { unmodelledNotes } from '../../src/experiment/unmodelled-flags.ts'
import { figuresOf } from '../planner/figures.ts'
import { workloadOf } from '../planner/workloads.ts'

it('names a setting that no figure counts, and none that one does', () => {
  const notes = (flags: Record<string, string>) =>
    unmodelledNotes(workloadOf({ run: { flags } }).run, 'maxtext', { id: 'a', phase: 'train' } as never)
  expect(notes({ custom_mesh_and_rule: 'ep' })[0]).toMatch(/not modelled.*custom_mesh_and_rule=ep/)
  expect(notes({ context_parallel_strategy: 'ring' })[0]).toMatch(/not modelled.*context_parallel_strategy=ring/)
  expect(notes({ context_parallel_strategy: 'ulysses' })).toEqual([])
  const flags = { num_vocab_tiling: '16' }
  expect(notes(flags)).toEqual([])
  const required = (run: object) => figuresOf(workloadOf({ model: 'llama3.1-8b', run }), { data: 64 }).memory.required
  expect(required({ flags })).toBeLessThan(required({}))
})
