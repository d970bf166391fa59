import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { benchmarkPaths } from '../../src/benchmark/paths.ts'
import { isPureFsdp } from '../../src/benchmark/pure-fsdp.ts'
import { baselineWorkloadOf, readRegimes, workloadOf } from '../../src/benchmark/read-regimes.ts'
import { readTruth } from '../../src/benchmark/truth-file.ts'
import { jobOf } from '../../src/benchmark/truth-row.ts'
import { verdictOfMesh } from '../../src/planner/verdict-of.ts'

const regimes = readRegimes(benchmarkPaths.regimes)

describe('the regimes', () => {
  it('are at least forty: 23 that MaxText ships, the eight of the paper, nine and more recipes, each with its source', () => {
    const count = (family: string) => regimes.filter((regime) => regime.family === family).length
    expect(count('maxtext')).toBe(23)
    expect(regimes.flatMap(({ paper }) => paper?.case ?? [])).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(count('recipes')).toBeGreaterThanOrEqual(9)
    for (const regime of regimes.filter(({ family }) => family === 'maxtext' || family === 'recipes'))
      expect(regime.source.uri, regime.id).toMatch(/^https:\/\/github\.com\/[\w-]+\/[\w-]+\/(?:blob|tree)\/[0-9a-f]{7,40}\//)
  })

  it('resolve, and the meshes that they publish and start from fill the slice', () => {
    for (const regime of regimes) {
      const workload = workloadOf(regime)
      for (const placed of [regime.expert, regime.baseline, ...regime.measured]) {
        if (placed === null) continue
        const { violations } = verdictOfMesh(workload, placed.mesh, placed.dcn)
        expect(
          violations.filter(({ rule }) => rule === 'device_count' || rule === 'slices'),
          regime.id,
        ).toEqual([])
      }
    }
  })

  it('mirror the spread of the paper: four chips, 2D and 3D, every phase, two cold starts, up to 2048 chips', () => {
    const mirrored = regimes.filter(({ paper }) => paper !== null)
    expect(new Set(mirrored.map(({ experiment }) => experiment.hardware.chip))).toEqual(new Set(['v5p', 'v5e', 'v6e', 'tpu7x']))
    expect(mirrored.filter(({ baseline }) => baseline === null).map(({ paper }) => paper?.case)).toEqual([4, 6])
    expect(Math.max(...mirrored.map((regime) => workloadOf(regime).slice.devices))).toBe(2048)
    for (const regime of mirrored) expect(regime.profile === null, regime.id).toBe(baselineWorkloadOf(regime) === null)
  })

  it('have five among those of MaxText that are not pure FSDP, all with a table', () => {
    const other = regimes.filter((regime) => regime.family === 'maxtext' && regime.expert !== null && !isPureFsdp(regime.expert))
    expect(other).toHaveLength(5)
    expect(other.every(({ table }) => table)).toBe(true)
  })

  it('refuse a file that does not hold regimes, and say which', () => {
    const folder = mkdtempSync(join(tmpdir(), 'regimes-'))
    writeFileSync(join(folder, 'own.json'), JSON.stringify({ about: 'mine', regimes: [{ id: 'Not An Id' }] }))
    expect(() => readRegimes(folder)).toThrow(/own\.json is not a file of regimes/)
    rmSync(folder, { recursive: true })
  })
})

describe('the recorded truth', () => {
  it('is of the regimes as they stand, and each row is replayed, refused or says why not', () => {
    const jobs = new Map(regimes.map((regime) => [regime.id, jobOf(regime)]))
    const rows = readTruth(benchmarkPaths.truth)
    expect(rows.length).toBeGreaterThan(50)
    for (const row of rows) {
      expect(jobs.get(row.regime), row.regime).toBe(row.job)
      if (row.replay !== null) expect(row.status).toBe('fits')
      if (row.status === 'oom') expect(row.required_gib ?? Number.POSITIVE_INFINITY, row.regime).toBeGreaterThan(row.available_gib ?? 0)
    }
  })
})
