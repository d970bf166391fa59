import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../../src/profile/limits.ts'
import { readSpace } from '../../src/profile/read-space.ts'
import { assemble } from '../../src/profile/report.ts'
import { fromBytes } from '../../src/profile/xspace/byte-source.ts'
import { PlaneWriter, spacePieces } from '../support/xspace-writer.ts'

describe('hardware counters on a core’s own plane', () => {
  it('are weighted by how long each value holds, and stand for the MXU where the host gives none', async () => {
    const plane = new PlaneWriter(1, '/device:TPU:0').stat('device_type_string', { text: 'TPU v6 Lite' })
    const ops = plane.line(1, 'XLA Ops')
    const op = plane.kind('op', {
      name: '%fusion.1 = bf16[8,8] fusion(bf16[8,8] %p)',
      displayName: 'fusion.1',
      stats: { hlo_category: { text: 'convolution fusion' } },
    })
    ops.add(op, 0, 1_000_000)
    const line = plane.line(2, '_counters_')
    const mxu = plane.kind('mxu', { name: 'MXU busy' })
    // 10 for a quarter of the time, 30 for the rest.
    for (const [at, value] of [
      [0, 10],
      [250_000, 30],
      [1_000_000, 30],
    ] as const)
      line.add(mxu, at, 0, { counter_value: value })
    const bytes = Buffer.concat(spacePieces([plane], 'h'))
    const space = await readSpace(fromBytes('h', bytes), { host: 'h', limits: defaultLimits })
    expect(space.cores[0]?.counters.get('MXU busy')).toBeCloseTo(25)
    const report = await assemble('h', [space], { limits: defaultLimits, missingHosts: 0, notes: [], mesh: null })
    expect(report.kpis.mxu_utilization).toBeCloseTo(0.25)
    expect(report.notes.join(' ')).toContain('MXU busy 25')
  })
})
