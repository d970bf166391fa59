import type { Situation } from '../../agents/situation.ts'
import { type Axis, axes, axisSize, type Mesh, meshSize } from '../../contract/mesh.ts'
import type { Verdict } from '../../contract/verdict.ts'

/**
 * A whole mesh from the axes that a message names. Where they fill the slice the rest is 1. Otherwise the best-ranked mesh that
 * has them; where none is legal, the mesh that ran with `data` taking up the difference, so that the rule it breaks can be named.
 */
export function completeMesh(
  situation: Situation,
  ranked: readonly Verdict[],
  wanted: Mesh,
): { mesh: Mesh; dcn: Mesh; completed: boolean } {
  const { workload, baseline } = situation
  const devices = workload.slice.devices
  const plain = { dcn: baseline?.dcn ?? ranked[0]?.dcn ?? workload.dcn }
  if (meshSize(wanted) === devices) return { ...plain, mesh: wanted, completed: false }
  const named = axes.filter((axis) => wanted[axis] !== undefined)
  const found = ranked.find((verdict) => named.every((axis) => axisSize(verdict.mesh, axis) === wanted[axis]))
  if (found) return { mesh: found.mesh, dcn: found.dcn, completed: true }
  const mesh: Mesh = { ...(baseline?.mesh ?? {}), ...wanted }
  const filler: Axis = wanted.data === undefined ? 'data' : wanted.replica === undefined ? 'replica' : 'model'
  if (wanted[filler] === undefined) {
    const others = meshSize({ ...mesh, [filler]: 1 })
    if (others <= devices && devices % others === 0) return { ...plain, mesh: { ...mesh, [filler]: devices / others }, completed: true }
    const alone = meshSize(wanted)
    if (alone <= devices && devices % alone === 0) return { ...plain, mesh: { ...wanted, [filler]: devices / alone }, completed: true }
  }
  return { ...plain, mesh: wanted, completed: false }
}
