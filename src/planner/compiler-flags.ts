import type { Chip } from './workload.ts'

/**
 * Flags that make the compiler gather weights beside compute, on the SparseCores or fused into products, in place of looping over
 * shards.
 */
const asyncGatherFlags = /(async_collective_fusion_fuse_all_gather|sparse_core_collective_offload_all_gather|enable_async_all_gather)=true/i
const noAsyncGatherFlag = /sparse_core_collective_offload_all_gather=false/i

/**
 * Whether gathers are asynchronous: the flags recorded with a run (LIBTPU_INIT_ARGS, or one entry a flag) ask for it, or the
 * chip's compiler does so by itself and no flag forbids it.
 */
export function asyncGathers(flags: Readonly<Record<string, string>>, byDefault: boolean): boolean {
  const settings = Object.entries(flags).map(([name, value]) => `${name}=${value}`)
  if (settings.some((setting) => asyncGatherFlags.test(setting))) return true
  return byDefault && !settings.some((setting) => noAsyncGatherFlag.test(setting))
}

/**
 * Where the compiler turns a gather and its product into a loop over shards: nowhere (flags gather beside compute), where gathers
 * are slow beside their products, or on every ring that it takes: so on chips of two devices, in every schedule of tpu7x in
 * bench/recorded.
 */
export type WindowedGathers = 'never' | 'costly' | 'always'

export function windowedGathers(flags: Readonly<Record<string, string>>, chip: Pick<Chip, 'devices_per_chip'>): WindowedGathers {
  if (asyncGathers(flags, false)) return 'never'
  return chip.devices_per_chip > 1 ? 'always' : 'costly'
}
