import { expect, it } from 'vitest'
import { collectivesByAxis, opsBySource } from '../../../src/agents/tools/report-tools.ts'
import type { ToolContext } from '../../../src/agents/tools/tool.ts'
import { callTool } from '../../../src/agents/tools/tool.ts'
import { exampleWorkload } from '../../support/workload.ts'

const op = (name: string, source: string | null, share: number) => ({
  ...{ name, source, share, category: 'fusion', self_ms: share * 100, bound_by: 'compute', flops: null, bytes: null },
})
const collective = (name: string, kind: string, size: number | null, exposed: number) => ({
  ...{ name, kind, group_size: size, bytes: 2 ** 20, occupied_share: 2 * exposed, exposed_share: exposed },
})

it('adds ops up by the line that they come from', async () => {
  const context = { analysis: { top_ops: [op('a', 'x.py:1', 0.1), op('b', null, 0.05), op('c', 'x.py:1', 0.2)] } } as unknown as ToolContext
  expect(await callTool(opsBySource, {}, context)).toEqual({
    lines: [
      { source: 'x.py:1', share: 0.3, self_ms: 30, ops: ['a', 'c'], categories: ['fusion'] },
      { source: 'no source line', share: 0.05, self_ms: 5, ops: ['b'], categories: ['fusion'] },
    ],
  })
})

it('names the axes of the mesh that ran which have a group’s size, all of them where sizes are equal', async () => {
  const collectives = [
    collective('ag', 'all-gather', 4, 0.1),
    collective('ar', 'all-reduce', 16, 0.2),
    collective('cp', 'permute', null, 0.01),
  ]
  const workload = exampleWorkload({ mesh: { data: 4, model: 4 } })
  const context = { situation: { workload, report: { collectives } } } as unknown as ToolContext
  const { groups } = (await callTool(collectivesByAxis, {}, context)) as { groups: { axes: string[]; exposed_share: number }[] }
  expect(groups.map(({ axes }) => axes)).toEqual([['data+model'], ['data', 'model'], []])
  expect(groups[0]!.exposed_share).toBe(0.2)
})

it('has no axes where nobody said what ran', async () => {
  const context = { situation: { workload: exampleWorkload({ mesh: null }), report: null } } as unknown as ToolContext
  expect(await callTool(collectivesByAxis, {}, context)).toEqual({ mesh: null, groups: [] })
})
