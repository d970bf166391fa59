import { describe, expect, it } from 'vitest'
import { legalityOf } from '../../src/planner/legality.ts'
import { measuredRow, readRows } from '../support/measured/measured-rows.ts'
import { lacks, needing } from '../support/needs.ts'

/**
 * Rows whose mesh nobody wrote down, so there is nothing to judge; and one video model, whose batch splits in a way of its own.
 */
const notJudged: Record<string, string> = {
  gt085: 'a diffusion transformer of MaxDiffusion: a video is cut over devices along its sequence',
  gt140: 'the data-center mesh of 16 slices is not stated',
  gt182: 'the mesh is not stated',
  gt198: 'the mesh is not stated in these axes',
  gt199: 'the mesh is not stated in these axes',
  gt200: 'the mesh is not stated in these axes',
  gt201: 'the mesh is not stated in these axes',
}

describe('what ran on real TPUs', () => {
  it.skipIf(lacks('shared'))(needing('is legal, row by row', 'shared'), () => {
    const refused: string[] = []
    let judged = 0
    for (const row of readRows()) {
      if (row.id! in notJudged) continue
      const workload = measuredRow({ ...row, step_s: row.step_s || '1' })?.workload
      if (!workload?.mesh) continue
      judged++
      const { legal, violations } = legalityOf(workload, workload.mesh, workload.dcn)
      if (!legal) refused.push(`${row.id} ${row.model}: ${violations.map(({ message }) => message).join('; ')}`)
    }
    expect(refused).toEqual([])
    expect(judged).toBeGreaterThanOrEqual(100)
  })
})
