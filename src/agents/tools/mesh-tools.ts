import { z } from 'zod'
import { axes, axisSize, meshSchema } from '../../contract/mesh.ts'
import { explainMesh } from '../../planner/explain.ts'
import { objectionsTo, verify } from '../verifier.ts'
import { figuresFor, figuresSchema, proposalInput } from './mesh-figures.ts'
import { defineTool, type ToolContext } from './tool.ts'

export const getWorkload = defineTool({
  name: 'get_workload',
  description:
    'What runs: chips, slice, model dimensions, run settings, the mesh that ran with its figures, the objective, and what may vary.',
  input: z.strictObject({}),
  output: z.looseObject({ id: z.string() }),
  async run(_input, { situation }) {
    const { workload, baseline } = situation
    const { flags: _, ...run } = workload.run
    return {
      id: workload.id,
      framework: workload.framework,
      phase: workload.phase,
      objective: workload.objective,
      slo: workload.slo,
      tune: [...workload.tune],
      chip: workload.slice.chip,
      topology: workload.slice.dims.join('x'),
      devices_per_slice: workload.slice.devices,
      slices: workload.slices,
      hbm_available_gib: workload.chip.hbm_available_gib_per_device,
      model: workload.model,
      run,
      baseline: baseline ? figuresFor(situation, baseline) : null,
    }
  },
})

export const listMeshes = defineTool({
  name: 'list_meshes',
  description: 'The legal candidates as the planner ranks them, best first. `having` keeps those with given sizes of axes.',
  input: z.strictObject({
    limit: z.int().min(1).max(40).default(12),
    having: meshSchema.optional(),
    fitting_only: z.boolean().default(true),
  }),
  output: z.strictObject({
    space: z.strictObject({ total: z.int(), legal: z.int(), fitting: z.int() }),
    meshes: z.array(figuresSchema),
  }),
  async run({ limit, having, fitting_only: fittingOnly }, { plan, situation }) {
    const meshes = plan.ranked
      .filter((verdict) => !fittingOnly || objectionsTo(verdict).length === 0)
      .filter((verdict) => axes.every((axis) => having?.[axis] === undefined || axisSize(verdict.mesh, axis) === having[axis]))
      .slice(0, limit)
      .map((verdict) => figuresFor(situation, verdict))
    return { space: plan.space, meshes }
  },
})

export const evaluateTool = defineTool({
  name: 'evaluate_mesh',
  description: 'The verdict on one mesh: what speaks against it, memory, predicted step with its parts and 90% range.',
  input: z.strictObject(proposalInput),
  output: figuresSchema,
  async run({ mesh, dcn, changes }, { situation }) {
    const { verdict, objections } = verify(situation, { mesh, dcn: dcn ?? situation.workload.dcn, changes: changes ?? {} })
    return { ...figuresFor(situation, verdict), objections }
  },
})

export const explainTool = defineTool({
  name: 'explain_mesh',
  description: 'Why a mesh is not among the first: what it breaks, what does not fit, or what makes it slower than the best, with numbers.',
  input: z.strictObject(proposalInput),
  output: z.strictObject({ text: z.string(), memory: z.record(z.string(), z.number()).nullable() }),
  async run(input, { situation, plan }) {
    const verdict = checked(situation, input)
    const text = explainMesh({ workload: situation.workload, verdict, ranked: plan.ranked })
    return { text, memory: verdict.memory && { ...verdict.memory.breakdown } }
  },
})

export const compareTool = defineTool({
  name: 'compare_meshes',
  description: 'Two meshes beside each other: time, exposed communication and memory of each, and how much less time the first takes.',
  input: z.strictObject({ first: z.strictObject(proposalInput), second: z.strictObject(proposalInput) }),
  output: z.strictObject({
    first: figuresSchema,
    second: figuresSchema,
    /** Time per token of the first over the second's, less 1: −0.22 is 22% less. */
    time_change: z.number().nullable(),
    memory_change_gib: z.number().nullable(),
  }),
  async run({ first, second }, { situation }) {
    const [a, b] = [checked(situation, first), checked(situation, second)]
    const [fast, slow] = [a.estimate?.tokens_per_second_per_chip, b.estimate?.tokens_per_second_per_chip]
    return {
      first: figuresFor(situation, a),
      second: figuresFor(situation, b),
      time_change: fast && slow ? round(slow / fast - 1) : null,
      memory_change_gib: a.memory && b.memory ? round(a.memory.required_gib - b.memory.required_gib) : null,
    }
  },
})

type Proposed = Partial<Parameters<typeof verify>[1]> & Pick<Parameters<typeof verify>[1], 'mesh'>

function checked(situation: ToolContext['situation'], { mesh, dcn, changes }: Proposed) {
  return verify(situation, { mesh, dcn: dcn ?? situation.workload.dcn, changes: changes ?? {} }).verdict
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4
}
