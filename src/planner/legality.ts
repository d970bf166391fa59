import type { Mesh } from '../contract/mesh.ts'
import type { Physical, Violation, Warning } from '../contract/verdict.ts'
import { type MeshTuple, toTuple } from '../interconnect/mesh-tuple.ts'
import { placer } from '../interconnect/physical-mesh.ts'
import type { Placement } from '../interconnect/placement.ts'
import { costlyWarnings } from './costly.ts'
import { type PlacedMesh, placedMesh } from './placed-mesh.ts'
import { legalityRules } from './rules.ts'
import type { ResolvedRun, Workload } from './workload.ts'

export interface Legality {
  /** False exactly when there are violations. */
  legal: boolean
  violations: Violation[]
  warnings: Warning[]
  physical: Physical
  placement: Placement
}

/**
 * The rules for the meshes of one workload; they remember how axes lie on the slice, so that one of these serves a whole search.
 */
export interface MeshRules {
  placement: (ici: MeshTuple) => Placement
  /**
   * Whether a candidate breaks no rule; writes nothing, for the search. `run` replaces the workload's where a choice changes it.
   */
  isLegal: (ici: MeshTuple, dcn: MeshTuple, run?: ResolvedRun) => boolean
  /** Whether its sizes break no rule, wherever the axes lie. */
  sizesAllowed: (ici: MeshTuple, dcn: MeshTuple, run?: ResolvedRun) => boolean
  /** The same with every reason and warning, for what is shown. */
  legality: (ici: MeshTuple, dcn: MeshTuple, run?: ResolvedRun) => Legality
}

export function createMeshRules(workload: Workload): MeshRules {
  const place = placer(workload.slice)
  const withRun = (run: ResolvedRun | undefined) => (run === undefined || run === workload.run ? workload : { ...workload, run })
  const sizesAllowed: MeshRules['sizesAllowed'] = (ici, dcn, run) => {
    const mesh = placedMesh(withRun(run), ici, dcn)
    for (const rule of legalityRules) if (rule.broken(mesh)) return false
    return true
  }
  return {
    placement: place,
    sizesAllowed,
    isLegal: (ici, dcn, run) => sizesAllowed(ici, dcn, run) && place(ici).physical !== 'impossible',
    legality(ici, dcn, run) {
      const mesh = placedMesh(withRun(run), ici, dcn)
      const placement = place(ici)
      const violations = legalityRules
        .filter((rule) => rule.broken(mesh))
        .map(({ rule, axis, message }): Violation => ({ rule, axis, message: message(mesh) }))
      const fillsSlice = mesh.iciProduct === workload.slice.devices
      if (placement.physical === 'impossible' && fillsSlice) violations.push(physicalViolation(workload, ici))
      const legal = violations.length === 0
      const warnings = [...costlyWarnings(mesh, placement.physical), ...stageOrderWarning(mesh, placement, place)]
      return { legal, violations, warnings, physical: placement.physical, placement }
    },
  }
}

/** The legality of one mesh: `check`'s half that needs no numbers but the sizes. */
export function legalityOf(workload: Workload, mesh: Mesh, dcn: Mesh): Legality {
  return createMeshRules(workload).legality(toTuple(mesh), toTuple(dcn))
}

/**
 * With a pipeline MaxText moves its stage axis before its data axis (types.py), which the contract's order does not follow. It
 * makes no difference but on slices with odd factors, such as 4x4x28, where JAX can lay one order and not the other.
 */
function stageOrderWarning({ workload, ici }: PlacedMesh, { physical }: Placement, place: (tuple: MeshTuple) => Placement): Warning[] {
  const [replica = 1, stage = 1, ...rest] = ici
  if (workload.framework !== 'maxtext' || replica === 1 || stage === 1 || physical === 'impossible') return []
  if (place([stage, replica, ...rest]).physical !== 'impossible') return []
  const message = `with a pipeline MaxText lays stage=${stage} before replica=${replica}, and that order JAX cannot lay on this slice`
  return [{ rule: 'maxtext_stage_order', message }]
}

function physicalViolation({ slice }: Workload, ici: MeshTuple): Violation {
  const sizes = ici.filter((size) => size !== 1).join('×')
  const message = `JAX's create_device_mesh cannot lay ${sizes} on ${slice.chip} ${slice.dims.join('x')}, not even with allow_split_physical_axes`
  return { rule: 'physical_mesh', axis: null, message }
}
