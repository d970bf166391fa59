import { describe, expect, it } from 'vitest'
import { opKind } from '../../src/profile/op-kind.ts'
import { collectiveFacts, devicesNamed, kernelFlopsOfText } from '../../src/profile/op-shapes.ts'

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

describe('ops of other lines and links', () => {
  it('tells transfers between slices from copies to the host, by their handler', () => {
    const text =
      '%recv-done.3 = (bf16[8], token[]) recv-done((bf16[8], u32[], token[]) %recv.3), is_host_transfer=true, frontend_attributes={_xla_host_transfer_handler_name="xla_megascale_runtime",_xla_megascale_transfer_type="REDUCE_SCATTER"}'
    expect(op('recv-done.3', 'host recv-done', text)).toMatchObject({ role: 'collective', collective: 'reduce-scatter', dcn: true })
    expect(op('recv-done.3', 'host recv-done', text.replace(/, frontend.*/, ''))).toMatchObject({ role: 'host-transfer', dcn: false })
  })

  it('knows what a SparseCore call waits for by what the framework called it, and leaves others open', () => {
    const text =
      '%call-done.5 = f32[8] call-done(%call-start.5), async_execution_thread="sparsecore", metadata={op_name="jit(f)/reduce_scatter"}'
    expect(op('call-done.5', 'call-done', text)).toMatchObject({ role: 'collective', collective: 'reduce-scatter', sparse: true })
    expect(op('call-done.5', 'call-done', text.replace('reduce_scatter', 'gather'))).toMatchObject({ role: 'compute', asyncCall: true })
  })

  it('takes a product for 8-bit only where both sides are', () => {
    const product = (left: string, right: string) =>
      op('fusion.1', 'convolution fusion', `%fusion.1 = s32[8,8] fusion(${left}[8,8] %a, ${right}[8,8] %b)`).narrow
    expect([product('s8', 's8'), product('f8e4m3fn', 'f8e4m3fn'), product('bf16', 's8'), product('bf16', 'bf16')]).toEqual([
      'int8',
      'fp8',
      null,
      null,
    ])
  })
})

describe('what shapes say of a kernel', () => {
  it('is 2·M·N·K of a product, four or more products of attention, and nothing of others', () => {
    const call = (name: string, result: string, args: string) =>
      kernelFlopsOfText(name, `%${name} = ${result} custom-call(${args}), custom_call_target="tpu_custom_call"`)
    expect(call('matmul.1', 'bf16[512,2048]{1,0}', 'bf16[512,1024] %a, bf16[1024,2048] %b')).toBe(2 * 512 * 2048 * 1024)
    expect(call('gmm.1', 'bf16[512,2048]{1,0}', 'bf16[512,1024] %a, bf16[8,1024,2048] %b')).toBe(2 * 512 * 2048 * 1024)
    expect(call('splash_mha.1', 'bf16[8,128,64]', 'bf16[8,128,64] %q, bf16[8,256,64] %k, bf16[8,256,64] %v')).toBe(4 * 8 * 128 * 256 * 64)
    expect(call('ragged.1', 'bf16[512]', 'bf16[512,1024] %a, bf16[3,5] %b')).toBeNull()
  })

  it('counts the devices that groups name', () => {
    expect(devicesNamed('replica_groups={{0,1},{2,3}}')).toBe(4)
    expect(devicesNamed('replica_groups=[8,8]<=[64]')).toBe(64)
    expect(devicesNamed('')).toBeNull()
  })
})
