import { axes } from '../../contract/mesh.ts'
import type { HloModule } from '../types.ts'
import { type InferredJob, sure } from './inferred.ts'

type Mesh = NonNullable<InferredJob['mesh']>

/** Which of MaxText's mesh axes each of ours stands for; several multiply. Its `data` is replicas, its FSDP has its own name. */
const maxTextAxes: Readonly<Record<string, keyof Mesh>> = {
  diloco: 'replica',
  data: 'replica',
  stage: 'stage',
  fsdp: 'data',
  fsdp_transpose: 'data',
  sequence: 'seq',
  context: 'seq',
  context_usp_ulysses: 'seq',
  context_autoregressive: 'seq',
  tensor: 'model',
  tensor_transpose: 'model',
  tensor_sequence: 'model',
  autoregressive: 'model',
  expert: 'expert',
}

/**
 * The mesh that the program's own shardings name, slices included; null where none is named, or not in words whose meaning is one
 * (`data` alone is replicas to some and FSDP to others).
 */
export function namedMesh(module: HloModule): InferredJob['mesh'] {
  const named = module.entry.instructions.find(({ opcode, sharding }) => opcode === 'parameter' && sharding?.mesh)?.sharding?.mesh
  if (!named?.axes.some(({ name }) => name === 'fsdp')) return null
  const sizes: Record<string, number> = Object.fromEntries(axes.map((axis) => [axis, 1]))
  for (const { name, size } of named.axes) {
    const axis = Object.hasOwn(maxTextAxes, name) ? maxTextAxes[name] : undefined
    if (axis !== undefined) sizes[axis] = (sizes[axis] ?? 1) * size
    else if (size > 1) return null
  }
  return Object.fromEntries(axes.map((axis) => [axis, sure(sizes[axis] ?? 1, 'the mesh that the program names')])) as unknown as Mesh
}
