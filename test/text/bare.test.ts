import { expect, it } from 'vitest'
import { bare, isInherited } from '../../src/text/bare.ts'

it('holds what a table holds and nothing that objects inherit', () => {
  const table = bare({ a: { b: [{ c: 1 }] } }) as Record<string, unknown>
  expect(table).toEqual({ a: { b: [{ c: 1 }] } })
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    expect(table[name]).toBeUndefined()
    expect((table['a'] as Record<string, unknown>)[name]).toBeUndefined()
    expect(isInherited(name)).toBe(true)
  }
  expect(isInherited('data')).toBe(false)
})
