import { describe, expect, it } from 'vitest'
import { oneByOne } from '../../../src/runs/memory/one-by-one.ts'

describe('oneByOne', () => {
  it('begins a write to a key when the one before has ended, well or badly, and lets other keys go on', async () => {
    const began: string[] = []
    const gates = new Map<string, PromiseWithResolvers<void>>()
    const write = oneByOne((key, value: string) => {
      began.push(`${key} ${value}`)
      const gate = Promise.withResolvers<void>()
      gates.set(value, gate)
      return gate.promise
    })
    const settle = () => new Promise((resolve) => setImmediate(resolve))
    const first = write('a', 'one')
    const second = write('a', 'two')
    const other = write('b', 'three')
    await settle()
    expect(began).toEqual(['a one', 'b three'])
    gates.get('one')!.reject(new Error('full'))
    await expect(first).rejects.toThrow('full')
    await settle()
    expect(began).toEqual(['a one', 'b three', 'a two'])
    gates.get('two')!.resolve()
    gates.get('three')!.resolve()
    await Promise.all([second, other])
  })
})
