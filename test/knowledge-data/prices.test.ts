import { describe, expect, it } from 'vitest'
import { parsePrices } from '../../src/knowledge/data/prices.ts'

describe('parsePrices', () => {
  it('reads chips and dollars', () => {
    expect(parsePrices('v5p=3.10, v6e=2')).toEqual({ v5p: 3.1, v6e: 2 })
    expect(parsePrices(undefined)).toEqual({})
  })

  it.each(['v5q=3', 'v5p=', 'v5p=-1', 'v5p'])('refuses %s', (text) => {
    expect(() => parsePrices(text)).toThrow(/PROMPTS_PRICES/)
  })
})
