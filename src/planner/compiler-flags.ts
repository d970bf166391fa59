/** Flags that make the compiler gather weights beside compute, on the SparseCores or fused into products, in place of looping over shards. */
const asyncGatherFlags = /(async_collective_fusion_fuse_all_gather|sparse_core_collective_offload_all_gather|enable_async_all_gather)=true/i

/** Whether the flags recorded with a run (LIBTPU_INIT_ARGS, or one entry a flag) ask for asynchronous gathers. */
export function asyncGathers(flags: Readonly<Record<string, string>>): boolean {
  for (const [name, value] of Object.entries(flags)) if (asyncGatherFlags.test(`${name}=${value}`)) return true
  return false
}
