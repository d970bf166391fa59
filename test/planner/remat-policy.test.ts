import { describe, expect, it } from 'vitest'
import { asyncGathers } from '../../src/planner/compiler-flags.ts'
import { rematPolicy, tunedPolicies } from '../../src/planner/remat-policy.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { workloadOf } from './workloads.ts'

describe('a remat policy', () => {
  it('is known by every name MaxText has for it', () => {
    const maxtext = [
      'minimal_with_context', 'minimal', 'save_dot_with_context_except_mlp', 'save_dot_except_mlpwi', 'save_dot_except_mlp', 'save_qkv_proj',
      'qkv_proj_offloaded', 'minimal_offloaded', 'save_out_proj', 'full', 'minimal_flash',
    ] // biome-ignore format: a list
    for (const name of [...maxtext, ...tunedPolicies]) expect(rematPolicy(name).certainty, name).toBe('named')
  })

  it('of another stack means the same thing', () => {
    expect({ ...rematPolicy('nothing_saveable'), name: 'full' }).toEqual(rematPolicy('full'))
  })

  it('of a custom list is what its settings say, and an assumption without them', () => {
    const listed = rematPolicy('custom', { decoder_layer_input: 'offload', query_proj: 'device', mlpwo: 'device' })
    expect(listed.certainty).toBe('listed')
    expect(listed.tensors).toMatchObject({ decoder_layer_input: 2, query_proj: 1, key_proj: 0, value_proj: 0, context: 0, out_proj: 0 })
    expect(rematPolicy('custom')).toMatchObject({ certainty: 'assumed', tensors: { decoder_layer_input: 2 } })
  })

  it('that nobody knows is counted as full, and the verdict says so', () => {
    expect({ ...rematPolicy('dreamt_up'), name: 'full', certainty: 'named' }).toEqual(rematPolicy('full'))
    const rules = (remat: string) => verdictOfMesh(workloadOf({ run: { remat } }), { data: 64 }).warnings.map(({ rule }) => rule)
    expect(rules('dreamt_up')).toEqual(['remat_unknown'])
    expect(rules('custom')).toEqual(['remat_custom'])
    expect(rules('minimal')).toEqual([])
  })
})

describe('compiler flags', () => {
  it('that make gathers asynchronous are seen one by one or in one line', () => {
    expect(asyncGathers({ xla_tpu_enable_async_collective_fusion_fuse_all_gather: 'true' }, false)).toBe(true)
    expect(asyncGathers({ LIBTPU_INIT_ARGS: '--xla_a=1 --xla_tpu_enable_sparse_core_collective_offload_all_gather=true' }, false)).toBe(
      true,
    )
    expect(asyncGathers({ xla_tpu_enable_async_collective_fusion_fuse_all_gather: 'false' }, false)).toBe(false)
    expect(asyncGathers({}, false)).toBe(false)
    expect(asyncGathers({}, true)).toBe(true)
    expect(asyncGathers({ LIBTPU_INIT_ARGS: '--xla_tpu_enable_sparse_core_collective_offload_all_gather=false' }, true)).toBe(false)
  })
})
