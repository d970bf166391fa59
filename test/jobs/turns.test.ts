import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Turn, Turns } from '../../src/jobs/turns.ts'

const turn = fc.record({ tenant: fc.constantFrom('a', 'b', 'c'), person: fc.constantFrom('x', 'y'), cost: fc.constantFrom(1, 4) })

it('gives each person places in order, and never one before what was started', () => {
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 60 }), (asked) => {
      const turns = new Turns()
      const last = new Map<string, number>()
      for (const [at, one] of asked.entries()) {
        const place = turns.take(one, false)
        const name = `${one.tenant}/${one.person}`
        expect(place).toBeGreaterThan(last.get(name) ?? 0)
        last.set(name, place)
        if (at % 3 === 0) turns.started(Math.min(...last.values()))
      }
    }),
  )
})

it('shares the turns between tenants evenly, however many people and jobs one has', () => {
  const turns = new Turns()
  const waiting: { turn: Turn; place: number }[] = []
  const add = (one: Turn) => waiting.push({ turn: one, place: turns.take(one, waiting.length === 0) })
  for (let at = 0; at < 400; at += 1) add({ tenant: 'many', person: `p${at % 20}`, cost: 1 })
  for (let at = 0; at < 20; at += 1) add({ tenant: 'one', person: 'p', cost: 1 })
  const first = [...waiting].sort((a, b) => a.place - b.place).slice(0, 40)
  const ofOne = first.filter((entry) => entry.turn.tenant === 'one').length
  expect(ofOne).toBeGreaterThanOrEqual(14)
  expect(ofOne).toBeLessThanOrEqual(20)
})
