import { backendConfig } from './backend-config.ts'
import { type CollectiveKind, collectiveOf } from './collective.ts'
import { axesOfGroup, axesOfPairs, type NamedAxis } from './mesh-axes.ts'
import type { HloComputation, HloInstruction, HloModule } from './types.ts'
import { type Place, visitStep } from './visit.ts'

/** A collective of a step. */
export interface ModuleCollective {
  name: string
  kind: CollectiveKind
  /** The payload of one device, once: the gathered or unreduced array, what is exchanged or sent. */
  bytes: number
  groupSize: number
  /** Mesh axes that its groups span (`dcn` between slices); null when the mesh is not known or the groups are no part of it. */
  axes: string[] | null
  /** Executions in a step; null inside a loop whose count depends on data. */
  times: number | null
  async: boolean
  /** The core works between its start and its done. A synchronous collective is exposed. */
  overlapped: boolean
  sparseCore: boolean
  /** One hop of a matmul that the compiler cut up to overlap it with communication. */
  windowed: boolean
  opName: string
  source: string | null
}

/**
 * Every collective that a step of the module runs, in the order of the schedule. `mesh` holds the axes of one slice in mesh
 * order; null when it is not known.
 */
export function collectivesOf(module: HloModule, mesh: readonly NamedAxis[] | null): ModuleCollective[] {
  const found: ModuleCollective[] = []
  visitStep(module, (instruction, place) => {
    const op = collectiveOf(module, place.computation, instruction)
    if (op === null) return
    found.push({
      name: instruction.name,
      kind: op.kind,
      bytes: op.bytes,
      groupSize: op.groupSize,
      axes: op.dcn ? ['dcn'] : mesh && meshAxes(op.group, op.pairs, mesh),
      times: place.timesKnown ? place.times : null,
      async: op.async,
      overlapped: op.async && worksMeanwhile(place.computation, instruction),
      sparseCore: op.sparseCore,
      windowed: isWindowed(place),
      opName: op.inner.opName || instruction.opName,
      source: op.inner.source ?? instruction.source,
    })
  })
  return found
}

function meshAxes(
  group: readonly number[] | null,
  pairs: readonly (readonly [number, number])[],
  mesh: readonly NamedAxis[],
): string[] | null {
  if (pairs.length > 0) return axesOfPairs(pairs, mesh).axes
  return group === null ? null : (axesOfGroup(group, mesh)?.map(({ axis }) => axis) ?? null)
}

/** XLA names the loops of a windowed einsum so. */
export function isWindowed(place: Place): boolean {
  return place.loops.some(({ body }) => body.name.includes('windowed_dot_general'))
}

/** Whether an op with cycles stands between a start and the first use of its result. */
function worksMeanwhile(computation: HloComputation, start: HloInstruction): boolean {
  const begin = computation.instructions.indexOf(start)
  const carried = new Set([start.id])
  for (const instruction of computation.instructions.slice(begin + 1)) {
    const uses = instruction.operands.some((id) => carried.has(id))
    const cycles = backendConfig(instruction).estimatedCycles ?? 0
    if (uses && (instruction.opcode === 'get-tuple-element' || instruction.opcode === 'async-update' || instruction.opcode === 'tuple')) {
      carried.add(instruction.id)
    } else if (instruction.opcode === 'while' || instruction.customCallTarget === 'tpu_custom_call' || cycles > 0) return true
    else if (uses) return false
  }
  return true
}
