import { compactMesh } from '../contract/mesh.ts'
import type { Placed } from '../contract/placed.ts'
import { toTuple } from '../interconnect/mesh-tuple.ts'
import { usesFsdpAlone } from '../planner/order.ts'
import type { Workload } from '../planner/workload.ts'

/** Everything fully sharded: the rival that most public configurations are. */
export function pureFsdp({ slice, slices }: Pick<Workload, 'slice' | 'slices'>): Placed {
  return { mesh: compactMesh({ data: slice.devices }), dcn: compactMesh({ data: slices }) }
}

/** Whether nothing but `data` is used, on the slice and across slices (where copies across slices count as pure too). */
export function isPureFsdp({ mesh, dcn }: Placed): boolean {
  return usesFsdpAlone({ ici: toTuple(mesh), dcn: toTuple(dcn) })
}
