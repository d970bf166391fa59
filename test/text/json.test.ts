import { expect, it } from 'vitest'
import { z } from 'zod'
import { canonicalHash, canonicalJson } from '../../src/text/canonical-json.ts'
import { readJson, readJsonAs, readLastLine } from '../../src/text/json.ts'

it('reads JSON, and nothing of what is none', () => {
  expect([readJson('{"a":1}'), readJson('null'), readJson('{"a"'), readJson('')]).toEqual([{ a: 1 }, null, undefined, undefined])
})

it('takes only what the schema takes', () => {
  const schema = z.strictObject({ a: z.int() })
  expect([readJsonAs(schema, '{"a":1}'), readJsonAs(schema, '{"a":"1"}'), readJsonAs(schema, 'a')]).toEqual([{ a: 1 }, null, null])
})

it('reads the last line of an output', () => {
  expect([readLastLine('starting\n{"a":1}\n\n'), readLastLine('{"a":1}\ndone'), readLastLine('')]).toEqual([{ a: 1 }, undefined, undefined])
})

it('writes equal values as equal text, whatever the order of their keys', () => {
  expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe('{"a":null,"b":[{"d":1}]}')
  expect(canonicalHash({ a: 1, b: 2 }, 12)).toBe(canonicalHash({ b: 2, a: 1 }, 12))
  expect(canonicalHash({ a: 1 }, 12)).not.toBe(canonicalHash({ a: 2 }, 12))
})
