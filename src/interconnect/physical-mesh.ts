import type { Axis } from '../contract/mesh.ts'
import { takeSplit, takeWhole } from './axis-assignment.ts'
import { placementOfParts } from './group-links.ts'
import { type DevicePosition, handLaidRing } from './hand-laid-ring.ts'
import { axisIndex, type axisPlaces, type MeshTuple, type PerAxis, perAxis, tupleProduct } from './mesh-tuple.ts'
import type { AxisPlacement, Placement } from './placement.ts'
import type { Slice } from './slice.ts'
import { placementOnRing, placementOnTorus } from './torus.ts'

/** What the logical axes placed so far hold of the physical ones, and where an axis of each size goes next. */
interface State {
  /** Whole physical axes taken, as a bit mask. */
  mask: number
  /** What is held of each physical axis. */
  held: readonly number[]
  next: Map<number, Step | null>
}

interface Step {
  pieces: readonly number[]
  strides: readonly number[]
  placement: AxisPlacement
  state: State
}

interface Layout {
  physical: Placement['physical']
  /** One a logical axis, null for axes of 1; null for a mesh that cannot be laid. */
  steps: PerAxis<Step | null> | null
}

/**
 * Judges meshes of one slice as `jax.experimental.mesh_utils.create_device_mesh` does: as they are, only with
 * allow_split_physical_axes, or not at all (a product that is not the slice's devices included); and says where each axis
 * lies. What an axis gets depends only on its size and on what later axes hold, so every step is worked out once.
 */
export function placer(slice: Slice): (tuple: MeshTuple) => Placement {
  const layOut = layouter(slice)
  return (tuple) => {
    const ring = ringOf(tuple, slice)
    if (ring) {
      const axis = (name: Axis, place: Place) => (tuple[place] === 1 ? null : placementOnRing(ring, tuple, [name], slice))
      return { physical: 'contiguous', axes: perAxis(axis) }
    }
    const { physical, steps } = layOut(tuple)
    const at = (place: Place) => steps?.[place]?.placement ?? null
    return { physical, axes: [at(0), at(1), at(2), at(3), at(4), at(5)] }
  }
}

/**
 * What a collective over several axes of a placed mesh together can use: their pieces of physical axes joined. Null when all of
 * them are 1, or the mesh cannot be laid.
 */
export function placementTogether(placement: Placement, tuple: MeshTuple, over: readonly Axis[], slice: Slice): AxisPlacement | null {
  const used = over.flatMap((axis) => placement.axes[axisIndex[axis]] ?? [])
  const [first] = used
  if (!first || used.length === 1) return first ?? null
  const ring = ringOf(tuple, slice)
  if (ring) return placementOnRing(ring, tuple, over, slice)
  return placementOfParts(
    used.flatMap(({ parts }) => parts),
    slice.devicesPerChip,
  )
}

/** The answer of `placer` for a single mesh. */
export function physicalPlacement(tuple: MeshTuple, slice: Slice): Placement {
  return placer(slice)(tuple)
}

/** The chip and core of every device of the mesh, row-major, as JAX orders them; null when JAX refuses the mesh. */
export function devicePositions(tuple: MeshTuple, slice: Slice): DevicePosition[] | null {
  const ring = ringOf(tuple, slice)
  if (ring) return [...ring]
  const { physical, steps } = layouter(slice)(tuple)
  if (physical === 'impossible') return null
  let positions: number[][] = [[0, 0, 0, 0]]
  for (const step of steps ?? []) {
    if (step === null) continue
    for (const [dim, size] of step.pieces.entries()) {
      const stride = step.strides[dim] ?? 1
      positions = positions.flatMap((at) => Array.from({ length: size }, (_, i) => at.with(dim, (at[dim] ?? 0) + i * stride)))
    }
  }
  return positions.map(([x = 0, y = 0, z = 0, core = 0]) => [x, y, z, core] as const)
}

const impossible: Layout = { physical: 'impossible', steps: null }

function layouter(slice: Slice): (tuple: MeshTuple) => Layout {
  const grid = gridOf(slice)
  const untouched = grid.map(() => 1)
  const whole = stepper(slice, (size, state) => {
    const mask = takeWhole(size, grid, state.mask)
    return mask === null ? null : { mask, pieces: grid.map((n, dim) => (mask & (1 << dim) ? n : 1)) }
  })
  const split = stepper(slice, (size, state) => {
    const pieces = takeSplit(size, grid, state.held)
    return pieces && { mask: 0, pieces }
  })
  const wholeStart: State = { mask: 0, held: untouched, next: new Map() }
  const splitStart: State = { mask: 0, held: untouched, next: new Map() }
  return (tuple) => {
    if (tupleProduct(tuple) !== slice.devices) return impossible
    const contiguous = walk(tuple, wholeStart, whole)
    if (contiguous) return { physical: 'contiguous', steps: contiguous }
    const steps = walk(tuple, splitStart, split)
    return steps ? { physical: 'split', steps } : impossible
  }
}

type Place = (typeof axisPlaces)[number]
/** JAX goes from the last logical axis to the first. */
const lastToFirst = [5, 4, 3, 2, 1, 0] as const satisfies readonly Place[]

type Take = (size: number, state: State) => { mask: number; pieces: readonly number[] } | null

function stepper(slice: Slice, take: Take): (size: number, state: State) => Step | null {
  const states = new Map<string, State>()
  return (size, state) => {
    const taken = take(size, state)
    if (!taken) return null
    const mask = state.mask | taken.mask
    const held = state.held.map((n, dim) => n * (taken.pieces[dim] ?? 1))
    const name = `${mask}:${held.join('x')}`
    const after = states.get(name) ?? { mask, held, next: new Map() }
    states.set(name, after)
    return {
      pieces: taken.pieces,
      strides: state.held,
      placement: placementOnTorus(taken.pieces, state.held, slice),
      state: after,
    }
  }
}

function walk(tuple: MeshTuple, start: State, step: (size: number, state: State) => Step | null): PerAxis<Step | null> | null {
  const steps: [...PerAxis<Step | null>] = [null, null, null, null, null, null]
  let state = start
  for (const place of lastToFirst) {
    const size = tuple[place]
    if (size === 1) continue
    let next = state.next.get(size)
    if (next === undefined) {
      next = step(size, state)
      state.next.set(size, next)
    }
    if (next === null) return null
    steps[place] = next
    state = next.state
  }
  return steps
}

/** The physical mesh as JAX sees it: always three axes of chips, and the two devices of a tpu7x chip as a fourth. */
function gridOf(slice: Slice): number[] {
  const grid = [slice.dims[0] ?? 1, slice.dims[1] ?? 1, slice.dims[2] ?? 1]
  if (slice.devicesPerChip === 2) grid.push(2)
  return grid
}

function ringOf(tuple: MeshTuple, slice: Slice): readonly DevicePosition[] | null {
  return tupleProduct(tuple) === slice.devices ? handLaidRing(slice, tuple) : null
}
