export interface Box {
  x: number
  y: number
  width: number
  height: number
}

/** A round mark that wants a label of this size. */
export interface Wanted {
  x: number
  y: number
  radius: number
  width: number
  height: number
}

/**
 * Finds each mark's label a place in the mark or close around it that covers no label placed before and lies within the bounds;
 * the most important mark first. Null where there is none.
 */
export function placeLabels(wanted: readonly Wanted[], bounds: Box): (Box | null)[] {
  const taken: Box[] = []
  return wanted.map((want) => {
    const found = candidates(want).find((box) => inside(box, bounds) && !taken.some((other) => overlap(box, other)))
    if (found === undefined) return null
    taken.push(found)
    return found
  })
}

export function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

const directions: readonly [number, number][] = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
  [0.7, 0.7],
  [-0.7, 0.7],
  [0.7, -0.7],
  [-0.7, -0.7],
]

function candidates({ x, y, radius, width, height }: Wanted): Box[] {
  const centred = (cx: number, cy: number): Box => ({ x: cx - width / 2, y: cy - height / 2, width, height })
  const around = [2, 10, 18].flatMap((gap) =>
    directions.map(([dx, dy]) => centred(x + dx * (radius + gap + width / 2), y + dy * (radius + gap + height / 2))),
  )
  return radius >= height / 2 ? [centred(x, y), ...around] : around
}

function inside(box: Box, bounds: Box): boolean {
  return (
    box.x >= bounds.x && box.y >= bounds.y && box.x + box.width <= bounds.x + bounds.width && box.y + box.height <= bounds.y + bounds.height
  )
}
