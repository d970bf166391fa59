import { expect, it } from 'vitest'
import { holdingRules, leanOfRule } from '../../../src/agents/evidence/doc-rules.ts'
import { docRuleSchema } from '../../../src/knowledge/doc-rule.ts'
import type { DocSection } from '../../../src/knowledge/library.ts'
import { readKnowledge, shippedKnowledge } from '../../../src/knowledge/read-knowledge.ts'
import { workloadOf } from '../../planner/workloads.ts'

const rule = (conditions: object) => docRuleSchema.parse({ section: 's', axis: 'model', stance: 'against', ...conditions })
const section = (conditions: object) =>
  ({
    id: 'doc#s',
    title: 't',
    text: '',
    uri: '',
    sources: [],
    keywords: [],
    chips: [],
    phases: [],
    rules: [rule(conditions)],
  }) satisfies DocSection
const dense = workloadOf({})

it.each<[object, boolean]>([
  [{}, true],
  [{ phases: ['train'] }, true],
  [{ phases: ['decode'] }, false],
  [{ kind: 'dense' }, true],
  [{ kind: 'moe' }, false],
  [{ slices: 'one' }, true],
  [{ slices: 'many' }, false],
  [{ max_devices: 1 }, false],
  [{ min_devices: 1 }, true],
  [{ min_sparsity: 2 }, false],
  [{ sequences_per_device_below: 0.001 }, false],
  [{ chips: ['v4'] }, false],
])('a rule with %o holds: %s', (conditions, holds) => {
  expect(holdingRules([section(conditions)], dense)).toHaveLength(holds ? 1 : 0)
})

it('leans against a mesh that uses the axis, and says nothing of one that does not', () => {
  const [holding] = holdingRules([section({})], dense)
  expect(leanOfRule(holding!, { data: 8, model: 2 })).toBeGreaterThan(0)
  expect(leanOfRule(holding!, { data: 16 })).toBe(0)
})

it('reads the rules of the shipped documents', async () => {
  const entries = await readKnowledge([shippedKnowledge])
  const rules = entries.flatMap((entry) => (entry.kind === 'doc' ? (entry.item as { rules: unknown[] }).rules : []))
  expect(rules.length).toBeGreaterThanOrEqual(8)
})
