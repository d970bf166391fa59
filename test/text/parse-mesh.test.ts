import { describe, expect, it } from 'vitest'
import { parseMesh } from '../../src/text/parse-mesh.ts'

describe('parseMesh', () => {
  it('reads a mesh however it is separated', () => {
    for (const text of ['data=8,model=2', 'data=8 model=2', 'data=8 · model=2', ' model=2, data=8 '])
      expect(parseMesh(text)).toEqual({ data: 8, model: 2 })
    expect(parseMesh('')).toEqual({})
  })

  it.each([
    ['modle=2', /no axis "modle"/],
    ['data', /not axis=size/],
    ['data=0', /data=0/],
    ['data=2,data=4', /twice/],
    ['data=1.5', /not axis=size/],
  ])('refuses %s', (text, message) => {
    expect(() => parseMesh(text)).toThrow(message)
  })
})
