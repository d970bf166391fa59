import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/text/nearest.ts'

describe('nearest', () => {
  it('puts the nearest first and counts a swap of neighbours once', () => {
    expect(nearest('llama2-70d', ['llama3-8b', 'llama2-70b', 'gpt3'], 2)[0]).toBe('llama2-70b')
    expect(nearest('improt', ['import', 'impala'], 1)).toEqual(['import'])
  })
  it('leaves out what is far', () => {
    expect(nearest('zzzzzz', ['diagnose', 'plan'], 3)).toEqual([])
  })
  it('finds a word itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 }), (words) => {
        expect(nearest(words[0]!, words, 8)).toContain(words[0])
      }),
    )
  })
})
