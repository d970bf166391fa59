import { benchmarkPaths } from '../../src/benchmark/paths.ts'
import { readRegimes, workloadOf } from '../../src/benchmark/read-regimes.ts'
import type { Regime } from '../../src/benchmark/regime.ts'
import { jobOf, type TruthRow } from '../../src/benchmark/truth-row.ts'
import type { Mesh } from '../../src/contract/mesh.ts'

/** A regime of eight devices without a public answer, and rows of it: `ms` null is out of memory. */
export const smallRegime: Regime = readRegimes(benchmarkPaths.regimes).find(({ id }) => id === 'reference-qwen3-8b-v6e-8-s2k')!
export const smallWorkload = workloadOf(smallRegime)

export function truthRow(mesh: Mesh, ms: number | null, regime: Regime = smallRegime): TruthRow {
  return {
    regime: regime.id,
    job: jobOf(regime),
    mesh,
    dcn: {},
    role: 'card',
    program: 'reference',
    settings: null,
    versions: { jax: '0.10.2' },
    status: ms === null ? 'oom' : 'fits',
    required_gib: ms === null ? 40 : 20,
    available_gib: 31.25,
    message: null,
    seconds: 60,
    replay:
      ms === null
        ? null
        : { step_time_ms: ms, compute_ms: ms * 0.7, hbm_ms: ms * 0.2, exposed_communication_ms: ms * 0.1, host_ms: 0, notes: [] },
    at: '2026-11-26T00:00:00.000Z',
  }
}
