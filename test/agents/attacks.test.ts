import { describe, expect, it } from 'vitest'
import { allAttacks, tryAttack } from '../support/attacks/try-attack.ts'

/** Two of each way in; `npm run attacks` tries all of them. */
const sample = [
  'doc-secret',
  'doc-tool',
  'case-impossible',
  'case-uri-mention',
  'exp-name',
  'exp-profile',
  'op-number',
  'op-secret',
  'slack-other-team',
  'slack-prompt',
  'lesson-numbers',
  'rule-alias',
  'rule-many',
  'tool-proto',
  'tool-compile',
]

describe('attacks', () => {
  it('are at least fifty', () => {
    expect(allAttacks.length).toBeGreaterThanOrEqual(50)
    expect(new Set(allAttacks.map((attack) => attack.via)).size).toBe(8)
  })

  it.each(sample)(
    '%s is held by the rules and with a model that obeys it',
    async (id) => {
      const attack = allAttacks.find((one) => one.id === id)!
      expect(await tryAttack(attack, 'rules')).toEqual([])
      expect(await tryAttack(attack, 'obedient model')).toEqual([])
    },
    60_000,
  )
})
