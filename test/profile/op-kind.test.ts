import { describe, expect, it } from 'vitest'
import { opKind } from '../../src/profile/op-kind.ts'
import { collectiveFacts } from '../../src/profile/op-shapes.ts'

const op = (name: string, category: string, expression = '', more: Partial<Parameters<typeof opKind>[0]> = {}) =>
  opKind({ name, category, expression, frameworkOp: null, flops: null, bytes: null, ...more })

describe('opKind', () => {
  it.each([
    ['all-reduce.1', 'all-reduce', '', 'all-reduce', 'whole'],
    ['fusion.21', 'all-reduce-scatter fusion', '', 'reduce-scatter', 'whole'],
    ['fusion.8', 'custom fusion', '%fusion.8 = f32[8] fusion(f32[8] %p), kind=kCustom, calls=%all-gather.8', 'all-gather', 'whole'],
    ['async-collective-start.3', 'custom fusion', '', 'async-collective', 'start'],
    ['async-collective-done.3', 'custom fusion', '', 'async-collective', 'done'],
    ['ragged-all-to-all.2', 'ragged-all-to-all', '', 'all-to-all', 'whole'],
    ['recv-done.1', 'recv-done', '', 'send-recv', 'done'],
  ])('%s of category %s is a collective', (name, category, expression, kind, phase) => {
    expect(op(name, category, expression)).toMatchObject({ role: 'collective', collective: kind, phase })
  })

  it('knows a copy to host memory from one that stays on the chip', () => {
    expect(op('copy-done.1', 'copy-done', 'copy-done((f32[8]{0}, f32[8]{0:S(5)}, u32[]) %copy-start)').role).toBe('host-transfer')
    expect(op('copy-done.2', 'copy-done', 'copy-done((f32[8]{0:S(1)}, f32[8]{0}, u32[]) %copy-start)').role).toBe('compute')
    expect(op('send-done.4', 'send-done', 'send-done(%send), is_host_transfer=true').role).toBe('host-transfer')
  })

  it('lets a collective that carries a matrix product compute', () => {
    const fused = op('async-collective-start.9', 'custom fusion', '', { flops: 1e9, bytes: 1e6 })
    expect(fused).toMatchObject({ role: 'compute', collective: 'async-collective' })
  })

  it('takes names that only begin like a collective for what they are', () => {
    expect(op('all-gather-like-fusion', 'loop fusion').collective).toBeNull()
    expect(op('sender.1', 'loop fusion').collective).toBeNull()
  })

  it('sees recomputation by name and by path', () => {
    expect(op('fusion.1.remat', 'loop fusion', '%fusion.1.remat = f32[] fusion()').rematerialized).toBe(true)
    expect(op('fusion.2', 'loop fusion', '', { frameworkOp: 'jit(step)/rematted_computation/dot' }).rematerialized).toBe(true)
    expect(op('fusion.3', 'loop fusion', '%fusion.3 = f32[] fusion(f32[] %x.remat)').rematerialized).toBe(false)
  })
})

describe('collectiveFacts', () => {
  it('reads payload and group size from both ways of writing groups', () => {
    const list =
      '%all-reduce = f32[5,1024]{1,0} all-reduce(f32[5,1024]{1,0} %b), channel_id=1, replica_groups={{0,1,2,3},{4,5,6,7}}, to_apply=%add'
    expect(collectiveFacts(list)).toEqual({ bytes: 5 * 1024 * 4, groupSize: 4 })
    const iota = '%all-gather = bf16[64,128]{1,0} all-gather(bf16[8,128]{1,0} %p), replica_groups=[4,8]<=[8,4]T(1,0), dimensions={0}'
    expect(collectiveFacts(iota)).toEqual({ bytes: 64 * 128 * 2, groupSize: 8 })
    expect(collectiveFacts('')).toEqual({ bytes: null, groupSize: null })
  })
})
