import { type Axis, axes, type Mesh } from '../contract/mesh.ts'
import { isSign, means, named, type Token } from './token.ts'

/** What stands between the names of axes, or between their sizes. */
const joins = ',/x×*&+|'
const opens = '([{'
const closes = ')]}'
const maxAxes = 6

interface Listed<T> {
  items: readonly T[]
  /** The token after the list, its closing bracket included. */
  end: number
}

/**
 * Axes named together and sized together, in the same order: `(fsdp, tp) = (32, 2)`, `fsdp/tp 16/4`, `fsdp x tp of 16x4`,
 * `16x4 (fsdp x tp)`, `32/2 fsdp/tp`. Lists of other lengths say nothing here. Marks their words as read; a shape so read is no
 * slice's.
 */
export function readPairedMesh(tokens: readonly Token[]): SaidPairs {
  for (let index = 0; index < tokens.length; index++) {
    const names = listAt(tokens, index, axisOf)
    const sizes = names === null ? sizesAt(tokens, index) : null
    const first = names ?? sizes
    if (first === null) continue
    const from = skipLinks(tokens, first.end)
    const axesSaid = names ?? listAt(tokens, from, axisOf)
    const sizesSaid = sizes ?? sizesAt(tokens, from)
    if (axesSaid !== null && sizesSaid?.items.length === axesSaid.items.length) {
      const said = tokens.slice(index, Math.max(axesSaid.end, sizesSaid.end))
      for (const one of said) one.used = true
      const mesh: Mesh = {}
      for (const [at, axis] of axesSaid.items.entries()) mesh[axis] = sizesSaid.items[at] ?? 1
      return { mesh, explicit: said.some((one) => isSign(one, '=')) }
    }
    index = first.end - 1
  }
  return { mesh: {}, explicit: false }
}

interface SaidPairs {
  mesh: Mesh
  explicit: boolean
}

/** Two items or more with a sign between each; null where there are fewer. */
function listAt<T>(tokens: readonly Token[], from: number, read: (one: Token | undefined) => T | null): Listed<T> | null {
  const bracketed = isSign(tokens[from], opens)
  const items: T[] = []
  let at = bracketed ? from + 1 : from
  while (items.length < maxAxes) {
    const item = read(tokens[at])
    if (item === null) return null
    items.push(item)
    at++
    const joined = isSign(tokens[at], joins) || means(tokens[at], 'times') || tokens[at]?.text === 'by'
    if (!joined || read(tokens[at + 1]) === null) break
    at++
  }
  if (items.length < 2) return null
  return { items, end: bracketed && isSign(tokens[at], closes) ? at + 1 : at }
}

function sizesAt(tokens: readonly Token[], from: number): Listed<number> | null {
  const inside = isSign(tokens[from], opens) ? from + 1 : from
  const shape = shapeOf(tokens[inside])
  if (shape !== null) return { items: shape, end: isSign(tokens[inside + 1], closes) ? inside + 2 : inside + 1 }
  return listAt(tokens, from, sizeOf)
}

/** `16x4`, and `16,4`, which alone would be a decimal. */
function shapeOf(one: Token | undefined): number[] | null {
  const isList = one?.kind === 'shape' || (one?.kind === 'number' && /^\d{1,5}(?:,\d{1,5}){1,5}$/.test(one.text))
  if (!one || !isList || one.used) return null
  const sizes = one.text.split(/[x,]/).map(Number)
  return sizes.every((size) => size >= 1) ? sizes : null
}

function skipLinks(tokens: readonly Token[], from: number): number {
  let at = from
  while (at < from + 3 && (isSign(tokens[at], '=:→') || /^(?:of|at|to|as|is|mesh|sizes|size)$/.test(tokens[at]?.text ?? ''))) at++
  return at
}

function axisOf(one: Token | undefined): Axis | null {
  if (one === undefined || one.used) return null
  const name = named(one, 'axis:')
  return axes.find((axis) => axis === name) ?? null
}

function sizeOf(one: Token | undefined): number | null {
  if (one?.kind !== 'number' || one.used || one.negative || one.suffix !== '' || one.value === null) return null
  return Number.isInteger(one.value) && one.value >= 1 ? one.value : null
}
