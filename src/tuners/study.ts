import { type Axis, axes, axisSize } from '../contract/mesh.ts'
import type { Placed } from '../contract/placed.ts'

/** A parameter of a study: an axis (under `dcn` with that word before it) and the sizes that occur. */
export interface Parameter {
  name: string
  values: number[]
}

export type Point = Record<string, number>

const places = [
  ...axes.map((axis) => ({ name: axis as string, axis, across: false })),
  ...axes.map((axis) => ({ name: `dcn_${axis}`, axis, across: true })),
]

/** The axes on which the candidates differ, with every size that occurs: what a tuner is told of the space. */
export function parametersOf(candidates: readonly Placed[]): Parameter[] {
  return places.flatMap(({ name, axis, across }) => {
    const values = [...new Set(candidates.map((one) => sizeOf(one, axis, across)))].sort((a, b) => a - b)
    return values.length > 1 ? [{ name, values }] : []
  })
}

/** A candidate as a point of the space. */
export function pointOf(candidate: Placed, parameters: readonly Parameter[]): Point {
  return Object.fromEntries(
    parameters.map(({ name }) => {
      const place = places.find((one) => one.name === name)
      return [name, place ? sizeOf(candidate, place.axis, place.across) : 1]
    }),
  )
}

/**
 * The candidate that lies nearest to a point, by the logarithms of the axes' sizes: a tuner does not know that the sizes multiply
 * to the device count, and most of what it proposes is no mesh at all. The first of equals; null without candidates.
 */
export function nearestCandidate<T extends Placed>(point: Point, candidates: readonly T[], parameters: readonly Parameter[]): T | null {
  let best: T | null = null
  let least = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const own = pointOf(candidate, parameters)
    let distance = 0
    for (const { name } of parameters) distance += (Math.log2(own[name] ?? 1) - Math.log2(point[name] ?? 1)) ** 2
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

function sizeOf({ mesh, dcn }: Placed, axis: Axis, across: boolean): number {
  return axisSize(across ? dcn : mesh, axis)
}
