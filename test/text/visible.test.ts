import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { visible, visibleLine, visibleValues } from '../../src/text/visible.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may reach a terminal
const acts = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/

describe('visible', () => {
  it('writes what acts on a terminal as JSON does, and leaves lines alone', () => {
    expect(visible('\u001b]0;OWNED\u0007 a\r\nb\tc \u009b2J \u202edne')).toBe('\\u001b]0;OWNED\\u0007 a\\u000d\nb\tc \\u009b2J \\u202edne')
    expect(visible('fsdp 64 · größer, 構成 👀')).toBe('fsdp 64 · größer, 構成 👀')
  })

  it('lets no character through that acts, and keeps JSON the same JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), fc.string({ unit: 'binary' }), (value, text) => {
        const json = JSON.stringify({ value, text })
        expect(visible(json)).not.toMatch(acts)
        expect(JSON.parse(visible(json))).toEqual(JSON.parse(json))
      }),
    )
  })

  it('keeps a line one line', () => {
    expect(visibleLine('op\r\ncard adopted\t!')).toBe('op\\u000d\\ncard adopted\\t!')
  })
})

describe('visibleValues', () => {
  it('goes through names and keys at any depth, and leaves the lines of snippets', () => {
    const value = { 'a\nb': [{ name: 'x\u001b[2J\ny', n: 1, none: null }], snippets: { jax: 'mesh = (\n  8,\n)\u001b' } }
    expect(visibleValues(value)).toEqual({
      'a\\nb': [{ name: 'x\\u001b[2J\\ny', n: 1, none: null }],
      snippets: { jax: 'mesh = (\n  8,\n)\\u001b' },
    })
  })
})
