import { expect, test } from 'vitest'
import { editDistance, nearest } from '../../src/text/nearest.ts'

test('the distance counts insertions, deletions, substitutions and swaps of neighbours', () => {
  expect(editDistance('mesh', 'mesh')).toBe(0)
  expect(editDistance('', 'abc')).toBe(3)
  expect(editDistance('llama', 'lama')).toBe(1)
  expect(editDistance('gemma', 'gamma')).toBe(1)
  expect(editDistance('mehs', 'mesh')).toBe(1)
  expect(editDistance('kitten', 'sitting')).toBe(3)
})

test('the nearest names come first, whatever their case and separators', () => {
  expect(nearest('Llama2_70B', ['llama2-7b', 'llama2-70b', 'qwen3-8b'])[0]).toBe('llama2-70b')
  expect(nearest('v5p-182', ['v5p-128', 'v6e-8', 'v5p-256'], 1)).toEqual(['v5p-128'])
})

test('what shares nothing with the word is not offered', () => {
  expect(nearest('zzzzzzzz', ['llama2-7b', 'v5p-128'])).toEqual([])
})

test('a name that contains the word is offered although it is much longer', () => {
  expect(nearest('qwen3', ['qwen3-coder-480b-a35b', 'gpt3-175b'])).toEqual(['qwen3-coder-480b-a35b'])
})
