import { takeSplit, takeWhole } from './axis-assignment.ts'
import { type DevicePosition, handLaidRing } from './hand-laid-ring.ts'
import { type AxisPlacement, type MeshTuple, type Placement, tupleProduct } from './placement.ts'
import { placementOnTorus, placementsOnRing } from './torus.ts'
import type { Slice } from './workload.ts'

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
  /** One a logical axis, null for axes of 1. */
  steps: readonly (Step | null)[]
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
    if (ring) return { physical: 'contiguous', axes: spread(tuple, placementsOnRing(ring, withoutOnes(tuple), slice)) }
    const { physical, steps } = layOut(tuple)
    const axes = new Array<AxisPlacement | null>(tuple.length)
    for (let i = 0; i < tuple.length; i++) axes[i] = steps[i]?.placement ?? null
    return { physical, axes }
  }
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
  for (const step of steps) {
    for (const [dim, size] of step?.pieces.entries() ?? []) {
      const stride = step!.strides[dim]!
      positions = positions.flatMap((at) => Array.from({ length: size }, (_, i) => at.with(dim, at[dim]! + i * stride)))
    }
  }
  return positions.map(([x = 0, y = 0, z = 0, core = 0]) => [x, y, z, core] as const)
}

const impossible: Layout = { physical: 'impossible', steps: [] }

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

type Take = (size: number, state: State) => { mask: number; pieces: readonly number[] } | null

function stepper(slice: Slice, take: Take): (size: number, state: State) => Step | null {
  const states = new Map<string, State>()
  return (size, state) => {
    const taken = take(size, state)
    if (!taken) return null
    const mask = state.mask | taken.mask
    const held = state.held.map((n, dim) => n * taken.pieces[dim]!)
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

function walk(tuple: MeshTuple, start: State, step: (size: number, state: State) => Step | null): (Step | null)[] | null {
  const steps = new Array<Step | null>(tuple.length)
  let state = start
  for (let axis = tuple.length - 1; axis >= 0; axis--) {
    const size = tuple[axis]!
    if (size === 1) {
      steps[axis] = null
      continue
    }
    let next = state.next.get(size)
    if (next === undefined) {
      next = step(size, state)
      state.next.set(size, next)
    }
    if (next === null) return null
    steps[axis] = next
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

function withoutOnes(tuple: MeshTuple): number[] {
  return tuple.filter((size) => size !== 1)
}

function spread(tuple: MeshTuple, axes: readonly AxisPlacement[]): (AxisPlacement | null)[] {
  let next = 0
  return tuple.map((size) => (size === 1 ? null : (axes[next++] ?? null)))
}
