import { describe, expect, it } from 'vitest'
import { findRemedies } from '../../../src/agents/remedies/find-remedies.ts'
import { experimentSchema } from '../../../src/contract/experiment.ts'
import type { Mesh } from '../../../src/contract/mesh.ts'
import type { AntiPattern } from '../../../src/contract/profile-report.ts'
import { resolveWorkload } from '../../../src/experiment/resolve-workload.ts'
import { openCatalog } from '../../../src/knowledge/data/catalog.ts'
import { remedyData } from '../../../src/knowledge/data/remedies.ts'
import { readKnowledge, shippedKnowledge } from '../../../src/knowledge/read-knowledge.ts'
import { verdictOfMesh } from '../../../src/planner/verdict-of.ts'

const pattern = (kind: string): AntiPattern => ({ kind, ops: ['op.1', 'op.2'], bytes: 2 ** 30, share: 0.12, fix: '' })

interface Job {
  model: string
  topology: string
  mesh: Mesh
  run?: Record<string, unknown>
  framework?: string
}

function remediesOf({ model, topology, mesh, run = {}, framework = 'maxtext' }: Job, kinds: string[]) {
  const experiment = experimentSchema.parse({
    ...{ id: 'x', framework, phase: 'train', model, mesh },
    hardware: { chip: topology.split('-')[0], topology },
    run: { global_batch: 512, seq_len: 4096, remat: 'full', ...run },
  })
  const workload = resolveWorkload(experiment, openCatalog())
  return findRemedies({ workload, on: verdictOfMesh(workload, mesh, {}), patterns: kinds.map(pattern) })
}

describe('findRemedies', () => {
  it('has nothing to say of a job without a finding', () => {
    expect(remediesOf({ model: 'llama3.1-8b', topology: 'v6e-16', mesh: { data: 4, model: 4 } }, [])).toEqual([])
  })

  it('offloads all kinds of collectives where a part is, beside the flags that the run has', () => {
    const flags = { xla_tpu_enable_sparse_core_collective_offload_all_gather: 'true', xla_other: '1' }
    const [remedy] = remediesOf({ model: 'llama3.1-8b', topology: 'v6e-16', mesh: { data: 16 }, run: { flags } }, [
      'partial_collective_offload',
    ])
    expect(remedy!.suggestion).toMatchObject({ kind: 'flag', by: 'anti_pattern', gain: null })
    expect(remedy!.suggestion.why).toMatch(/^partial collective offload \(12% of the step\) in op\.1, op\.2: /)
    expect(remedy!.change?.flags).toMatchObject({ xla_other: '1', xla_tpu_enable_sparse_core_collective_offload_reduce_scatter: 'true' })
  })

  it('says no flag to a chip without that part, and none that the run has already', () => {
    expect(remediesOf({ model: 'llama3.1-8b', topology: 'v5e-16', mesh: { data: 16 } }, ['partial_collective_offload'])).toEqual([])
    const flags = remedyData().collective_matmul.flags.v6e
    const job = { model: 'llama3.1-8b', topology: 'v6e-16', mesh: { data: 4, model: 4 } }
    expect(remediesOf({ ...job, run: { flags } }, ['sync_model_collectives'])).toEqual([])
    expect(remediesOf(job, ['sync_model_collectives'])[0]?.change?.flags).toEqual(flags)
  })

  it('halves the microbatches that each pay a reduction, in the words of the framework', () => {
    const job = { model: 'llama3.1-8b', topology: 'v6e-16', mesh: { replica: 2, data: 8 }, run: { microbatches: 4 } }
    expect(remediesOf(job, ['gradient_reduce_in_loop'])[0]).toMatchObject({
      suggestion: { kind: 'microbatches', settings: { gradient_accumulation_steps: '2' } },
      change: { microbatches: 2 },
    })
    expect(remediesOf({ ...job, framework: 'jax' }, ['gradient_reduce_in_loop'])[0]?.suggestion.settings).toEqual({ microbatches: '2' })
    expect(remediesOf({ ...job, run: {} }, ['gradient_reduce_in_loop'])).toEqual([])
  })

  it('brings back what is offloaded where the device waits for it', () => {
    const job = { model: 'llama3.1-8b', topology: 'v6e-16', mesh: { data: 16 } }
    expect(remediesOf({ ...job, run: { remat: 'minimal_offloaded' } }, ['host_transfer_waits'])[0]?.change).toEqual({ remat: 'full' })
    const flags = { optimizer_memory_host_offload: 'true' }
    expect(remediesOf({ ...job, run: { flags } }, ['host_transfer_waits'])[0]?.change).toEqual({
      flags: { optimizer_memory_host_offload: 'false' },
    })
    expect(remediesOf(job, ['host_transfer_waits'])).toEqual([])
  })

  it('puts experts on the FSDP axis only where it divides them and nothing else splits the weights', () => {
    const job = { model: 'qwen3-30b-a3b', topology: 'v6e-32', mesh: { data: 32 } }
    expect(remediesOf(job, ['reduce_then_slice'])[0]?.suggestion).toMatchObject({
      settings: { shard_exp_on_fsdp: 'true' },
      by: 'anti_pattern',
    })
    expect(remediesOf(job, [])[0]?.suggestion).toMatchObject({ settings: { shard_exp_on_fsdp: 'true' }, by: 'doc' })
    const settingsOf = (other: Job) => remediesOf(other, ['reduce_then_slice']).map(({ suggestion }) => Object.keys(suggestion.settings)[0])
    expect(settingsOf({ ...job, mesh: { data: 16, expert: 2 } })).not.toContain('shard_exp_on_fsdp')
    expect(settingsOf({ model: 'mixtral-8x7b', topology: 'v6e-32', mesh: { data: 32 } })).not.toContain('shard_exp_on_fsdp')
    expect(settingsOf({ ...job, framework: 'jax' })).toEqual([])
  })

  it('names only sections that the library has', async () => {
    const entries = await readKnowledge([shippedKnowledge])
    const ids = new Set(entries.map(({ item }) => item.id))
    const { about: _, ...remedies } = remedyData()
    expect(Object.values(remedies).filter(({ doc }) => !ids.has(doc))).toEqual([])
  })
})
