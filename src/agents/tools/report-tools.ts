import { z } from 'zod'
import { axes, axisSize, type Mesh } from '../../contract/mesh.ts'
import { antiPatternSchema, bottleneckSchema, kpisSchema, opSchema } from '../../contract/profile-report.ts'
import { defineTool } from './tool.ts'

export const getReport = defineTool({
  name: 'get_report',
  description:
    'What the profile shows: KPIs, the bottleneck by the rules, the longest ops, anti-patterns, what is missing. Shares are fractions of 1.',
  input: z.strictObject({}),
  output: z.strictObject({
    measured: z.boolean(),
    bottleneck: bottleneckSchema,
    kpis: kpisSchema,
    top_ops: z.array(opSchema),
    anti_patterns: z.array(antiPatternSchema),
    notes: z.array(z.string()),
  }),
  async run(_input, { analysis, situation }) {
    const { bottleneck, kpis, top_ops, anti_patterns, notes } = analysis
    return {
      measured: situation.report !== null,
      bottleneck,
      kpis,
      top_ops: top_ops.slice(0, 10),
      anti_patterns: anti_patterns.slice(0, 10),
      notes,
    }
  },
})

const share = z.number()

export const opsBySource = defineTool({
  name: 'ops_by_source',
  description: 'The longest ops of the profile by the source line that they come from: shares of the step, fractions of 1.',
  input: z.strictObject({}),
  output: z.strictObject({
    lines: z.array(
      z.strictObject({ source: z.string(), share, self_ms: z.number(), ops: z.array(z.string()), categories: z.array(z.string()) }),
    ),
  }),
  async run(_input, { analysis }) {
    const bySource = Map.groupBy(analysis.top_ops, ({ source }) => source ?? 'no source line')
    const lines = [...bySource].map(([source, ops]) => ({
      source,
      share: sum(ops.map((op) => op.share)),
      self_ms: sum(ops.map((op) => op.self_ms)),
      ops: ops.map(({ name }) => name),
      categories: [...new Set(ops.map(({ category }) => category))],
    }))
    return { lines: lines.sort((a, b) => b.share - a.share) }
  },
})

export const collectivesByAxis = defineTool({
  name: 'collectives_by_axis',
  description:
    'Collectives of the profile by the axes of the mesh that ran which have the size of their groups; several where sizes are equal. Shares of the step.',
  input: z.strictObject({}),
  output: z.strictObject({
    mesh: z.record(z.string(), z.number()).nullable(),
    groups: z.array(
      z.strictObject({
        axes: z.array(z.string()),
        group_size: z.int().nullable(),
        kinds: z.array(z.string()),
        occupied_share: share,
        exposed_share: share,
        mib: z.number().nullable(),
        longest: z.string(),
      }),
    ),
  }),
  async run(_input, { situation }) {
    const mesh = situation.workload.mesh
    const collectives = situation.report?.collectives ?? []
    const bySize = Map.groupBy(collectives, ({ group_size: size }) => size)
    const groups = [...bySize].map(([size, list]) => ({
      axes: mesh === null || size === null ? [] : axesOfSize(mesh, size),
      group_size: size,
      kinds: [...new Set(list.map(({ kind }) => kind))],
      occupied_share: sum(list.map((one) => one.occupied_share)),
      exposed_share: sum(list.map((one) => one.exposed_share)),
      mib: list.some(({ bytes }) => bytes === null) ? null : Math.round(sum(list.map(({ bytes }) => bytes ?? 0)) / 2 ** 20),
      longest: list.reduce((a, b) => (b.occupied_share > a.occupied_share ? b : a)).name,
    }))
    return { mesh, groups: groups.sort((a, b) => b.exposed_share - a.exposed_share) }
  },
})

/** Axes, and neighbours in mesh order together, that hold so many devices. */
function axesOfSize(mesh: Mesh, size: number): string[] {
  const used = axes.filter((axis) => axisSize(mesh, axis) > 1)
  const found: string[] = []
  for (const [first] of used.entries()) {
    for (let last = first; last < used.length; last++) {
      const names = used.slice(first, last + 1)
      if (names.reduce((product, axis) => product * axisSize(mesh, axis), 1) === size) found.push(names.join('+'))
    }
  }
  return found
}

function sum(values: readonly number[]): number {
  return Math.round(values.reduce((total, value) => total + value, 0) * 1e4) / 1e4
}
