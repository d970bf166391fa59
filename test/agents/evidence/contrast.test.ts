import { describe, expect, it } from 'vitest'
import { contrastsOf, leanOfContrast } from '../../../src/agents/evidence/contrast.ts'
import type { Case } from '../../../src/contract/case.ts'
import type { Hit } from '../../../src/knowledge/library.ts'
import { aCase } from '../../knowledge/entries.ts'

const hit = (item: Partial<Case>, similarity = 1): Hit<'case'> =>
  ({ item: { ...aCase('a'), result: 'ok', status: 'published', ...item }, similarity, score: similarity, tenant: 'public' }) as Hit<'case'>
const cite = ({ id }: Case) => ({ title: id, uri: `case:${id}` })
const measured = { from: { data: 4, model: 2 }, to: { data: 8 }, measured_before_ms: 5520, measured_after_ms: 4080 }

describe('contrasts of cases', () => {
  it('speak against the axis that the faster mesh has less of, and for the one that it has more of', () => {
    const [contrast] = contrastsOf([hit(measured)], cite)
    expect(leanOfContrast(contrast!, { data: 16, model: 2 })).toBe(1)
    expect(leanOfContrast(contrast!, { data: 32 })).toBe(0)
    const [other] = contrastsOf(
      [hit({ from: { data: 8 }, to: { data: 4, seq: 2 }, measured_before_ms: 5000, measured_after_ms: 4000 })],
      cite,
    )
    expect(leanOfContrast(other!, { data: 16, seq: 4 })).toBe(-1)
  })

  it('are turned round where the case proved wrong', () => {
    const [contrast] = contrastsOf([hit({ ...measured, measured_before_ms: 4080, measured_after_ms: 5520, status: 'refuted' })], cite)
    expect(contrast!.faster).toEqual({ data: 4, model: 2 })
    expect(leanOfContrast(contrast!, { data: 16, model: 2 })).toBe(-1)
  })

  it('weigh less for a job less alike and for a difference within the noise of two runs', () => {
    const [near] = contrastsOf([hit({ ...measured, measured_before_ms: 4160 }, 0.8)], cite)
    expect(near!.weight).toBeCloseTo(0.8 * (Math.log(4160 / 4080) / Math.log(1.1)), 6)
  })

  it('leave out jobs that are not alike, meshes without both times, what failed and what was withdrawn', () => {
    const none = [
      hit(measured, 0.6),
      hit({ ...measured, measured_before_ms: null }),
      hit({ ...measured, result: 'oom' }),
      hit({ ...measured, status: 'withdrawn' }),
      hit({ ...measured, to: { data: 4, model: 2 } }),
    ]
    expect(contrastsOf(none, cite)).toEqual([])
  })
})
