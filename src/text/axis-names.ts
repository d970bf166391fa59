import type { Framework } from '../contract/experiment.ts'
import { type Axis, axes, axisSize, type Mesh } from '../contract/mesh.ts'

/** The frameworks' own names of our axes; wherever an engineer sees an axis, the framework's name stands beside it. */
export const axisNames: Readonly<Record<Framework, Readonly<Record<Axis, string>>>> = {
  maxtext: { replica: 'data', stage: 'pipeline', data: 'fsdp', seq: 'context', model: 'tensor', expert: 'expert' },
  pax: { replica: 'replica', stage: 'stage', data: 'data', seq: 'seq', model: 'mdl', expert: 'expert' },
  vllm: { replica: 'data', stage: 'pipeline', data: 'fsdp', seq: 'context', model: 'tensor', expert: 'expert' },
  sglang: { replica: 'dp', stage: 'pp', data: 'fsdp', seq: 'cp', model: 'tp', expert: 'ep' },
  jax: { replica: 'replica', stage: 'stage', data: 'fsdp', seq: 'seq', model: 'tensor', expert: 'expert' },
}

/** `fsdp 32, tensor 2` */
export function formatMeshIn(framework: Framework, mesh: Mesh): string {
  const parts = axes.filter((axis) => axisSize(mesh, axis) !== 1).map((axis) => `${axisNames[framework][axis]} ${axisSize(mesh, axis)}`)
  return parts.length > 0 ? parts.join(', ') : 'one device'
}
