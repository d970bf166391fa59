import { type Axis, axes, axisSize } from '../../contract/mesh.ts'
import { axisNames } from '../../text/axis-names.ts'
import type { SnippetInput } from './snippet-input.ts'

/** The axes that Pax's own experiment classes have; the others appear only where a card uses them. */
const ownAxes: ReadonlySet<Axis> = new Set(['replica', 'data', 'model'])

/**
 * Attributes of a Pax experiment class. The names stand beside the shapes, so that every axis is pinned whatever the class's own
 * order is.
 */
export function paxSnippet(input: SnippetInput): string {
  const shown = axes.filter((axis) => ownAxes.has(axis) || axisSize(input.mesh, axis) > 1 || axisSize(input.dcn, axis) > 1)
  const stages = axisSize(input.mesh, 'stage') * axisSize(input.dcn, 'stage')
  const foreign = shown.filter((axis) => axis === 'seq' || axis === 'expert').map((axis) => axisNames.pax[axis])
  const perCore = Number((input.run.global_batch / input.run.microbatches / input.devices).toFixed(6))
  const lines = [
    `MESH_AXIS_NAMES = [${shown.map((axis) => `'${axisNames.pax[axis]}'`).join(', ')}]`,
    `ICI_MESH_SHAPE = [${shown.map((axis) => axisSize(input.mesh, axis)).join(', ')}]`,
    `DCN_MESH_SHAPE = [${shown.map((axis) => axisSize(input.dcn, axis)).join(', ')}]`,
  ]
  if (stages > 1) lines.push(`NUM_STAGES = ${stages}`, `NUM_MICROBATCHES = ${input.run.pipeline_microbatches ?? stages}`)
  if (input.changes.global_batch !== undefined || input.changes.microbatches !== undefined) lines.push(`PERCORE_BATCH_SIZE = ${perCore}`)
  if (input.changes.remat !== undefined)
    lines.push(`# remat: ${input.run.remat}; set CHECKPOINT_POLICY to the AutodiffCheckpointType that keeps the same`)
  if (foreign.length > 0) lines.push(`# ${foreign.join(' and ')}: only where the task's weight and activation sharding names it`)
  if (input.physical === 'split') lines.push('# this mesh needs mesh_utils.create_device_mesh(…, allow_split_physical_axes=True)')
  return lines.join('\n')
}
