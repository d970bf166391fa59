import type { Mesh } from '../../src/contract/mesh.ts'
import type { ReplayedCase } from './replayed-case.ts'

/**
 * Meshes of one program (same model, batch and remat policy on the same slice), the fastest replay first; those that do not fit
 * last.
 */
export interface Contrast {
  workload: string
  chip: string
  topology: string
  model: string
  phase: string
  run: { global_batch: number; seq_len: number; remat: string }
  meshes: { id: string; mesh: Mesh; dcn: Mesh; status: string; required_gib: number | null; replayed_ms: number | null }[]
}

/** Groups cases that differ in their mesh alone; groups of one are left out. */
export function contrastsOf(cases: readonly ReplayedCase[]): Contrast[] {
  const groups = new Map<string, Contrast>()
  for (const entry of cases) {
    const { workload, chip, topology, model, phase, global_batch, seq_len, remat } = entry
    if (entry.replay === null && entry.status === 'fits') continue
    const group = groups.get(entry.group) ?? { workload, chip, topology, model, phase, run: { global_batch, seq_len, remat }, meshes: [] }
    group.meshes.push({
      id: entry.id,
      mesh: entry.mesh,
      dcn: entry.dcn,
      status: entry.status,
      required_gib: entry.required_gib,
      replayed_ms: entry.replay?.step_time_ms ?? null,
    })
    groups.set(entry.group, group)
  }
  const found = [...groups.values()].filter(({ meshes }) => meshes.length > 1)
  for (const { meshes } of found)
    meshes.sort((a, b) => (a.replayed_ms ?? Number.POSITIVE_INFINITY) - (b.replayed_ms ?? Number.POSITIVE_INFINITY))
  return found
}
