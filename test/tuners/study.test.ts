import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearestCandidate, parametersOf, pointOf } from '../../src/tuners/study.ts'

const size = fc.constantFrom(1, 2, 4, 8)
const candidate = fc.record({ mesh: fc.record({ data: size, model: size, seq: size }), dcn: fc.record({ data: fc.constantFrom(1, 2) }) })

describe('the space of a study', () => {
  it('has only axes that differ, each size once and in order', () => {
    const parameters = parametersOf([
      { mesh: { data: 8 }, dcn: { data: 2 } },
      { mesh: { data: 4, model: 2 }, dcn: { data: 2 } },
    ])
    expect(parameters).toEqual([
      { name: 'data', values: [4, 8] },
      { name: 'model', values: [1, 2] },
    ])
  })

  it('takes every candidate for itself, whatever the others', () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 12 }), (candidates) => {
        const parameters = parametersOf(candidates)
        for (const one of candidates) {
          const found = nearestCandidate(pointOf(one, parameters), candidates, parameters)
          expect(pointOf(found!, parameters)).toEqual(pointOf(one, parameters))
        }
      }),
    )
  })

  it('takes a point between meshes for the nearest by ratio', () => {
    const candidates = [
      { mesh: { data: 8 }, dcn: {} },
      { mesh: { data: 2, model: 4 }, dcn: {} },
    ]
    expect(nearestCandidate({ data: 8, model: 2 }, candidates, parametersOf(candidates))).toBe(candidates[0])
    expect(nearestCandidate({ data: 1, model: 4 }, candidates, parametersOf(candidates))).toBe(candidates[1])
  })
})
