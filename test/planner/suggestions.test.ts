import { describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/contract/mesh.ts'
import { uncalibrated } from '../../src/planner/calibrate.ts'
import { suggestSettings } from '../../src/planner/suggestions.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'
import { workloadOf } from './workloads.ts'

/** What is suggested for a job on its mesh, where no other mesh is better. */
function suggested(parts: Parameters<typeof workloadOf>[0], mesh: Mesh) {
  const workload = workloadOf(parts)
  return suggestSettings({ workload, on: verdictOfMesh(workload, mesh), best: null, calibration: uncalibrated(workload) })
}

describe('settings beside the mesh', () => {
  const roomy = { chip: 'v5p', topology: '4x4x4', model: 'llama2-7b' } as const

  it('are suggested where they gain more than a mesh, one of a kind, with their gain', () => {
    const found = suggested({ ...roomy, run: { global_batch: 256, seq_len: 4096, remat: 'full' } }, { data: 64 })
    expect(found.length).toBeGreaterThan(0)
    expect(new Set(found.map(({ kind }) => kind)).size).toBe(found.length)
    for (const { gain, by } of found) {
      expect(by).toBe('planner')
      expect(gain!.ratio).toBeGreaterThan(1.02)
    }
    expect(found[0]).toMatchObject({ kind: 'remat', settings: { remat_policy: expect.any(String) } })
  })

  it('set no more than it takes', () => {
    const [remat] = suggested({ ...roomy, run: { global_batch: 64, seq_len: 4096, remat: 'full' } }, { data: 64 })
    expect(Object.keys(remat!.settings)).toEqual(['remat_policy'])
  })

  it('work the loss out in pieces where that makes the room for a lighter policy', () => {
    const large = { chip: 'v6e', topology: '4x4', model: 'qwen3-1.7b', run: { global_batch: 32, seq_len: 8192, remat: 'full' } } as const
    const found = suggested(large, { data: 16 }).find(({ kind }) => kind === 'remat')
    expect(found?.settings).toMatchObject({ num_vocab_tiling: '16' })
    expect(found?.what).toMatch(/the loss in 16 pieces$/)
    // another program has no such setting
    for (const { settings } of suggested({ ...large, framework: 'jax' }, { data: 16 }))
      expect(settings).not.toHaveProperty('num_vocab_tiling')
  })

  it('are flags by chip where gathers are waited for, and none where the run has them', () => {
    const job = { chip: 'v5e', topology: '4x4', model: 'llama3.1-8b', run: { global_batch: 16, seq_len: 2048, remat: 'full' } } as const
    const flag = (flags: Record<string, string>) =>
      suggested({ ...job, run: { ...job.run, flags } }, { data: 16 }).find(({ kind }) => kind === 'flag')
    const found = flag({})
    expect(found?.settings).toHaveProperty('xla_tpu_enable_async_collective_fusion_fuse_all_gather', 'true')
    expect(flag(found!.settings)).toBeUndefined()
  })

  it('are none for a mesh that has no room', () => {
    expect(
      suggested({ ...roomy, chip: 'v5e', topology: '4x4', run: { global_batch: 64, seq_len: 4096, remat: 'full' } }, { data: 16 }),
    ).toEqual([])
  })
})
