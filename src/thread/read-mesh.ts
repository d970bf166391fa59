import { type Axis, axes, type Mesh } from '../contract/mesh.ts'
import { sizeAfter, sizeOf } from './read-size.ts'
import { isSign, means, named, type Token } from './token.ts'

/** From this on `sequence 8192` is a length and no axis. */
const smallestLength = 512

export interface SaidMesh {
  mesh: Mesh
  /** Written with `=`, as only settings are. */
  explicit: boolean
}

/** The axes and their sizes in a message, in any framework's words. Marks their words as read. */
export function readMesh(tokens: readonly Token[]): SaidMesh {
  const mesh: Mesh = {}
  let explicit = false
  for (let index = 0; index < tokens.length; index++) {
    const one = tokens[index]!
    const axis = axisOf(one)
    if (axis === null || one.used) continue
    if (isRefused(tokens, index) && sizeAfter(tokens, index + 1) === null) {
      mesh[axis] = 1
      markUsed(tokens, index, index)
      continue
    }
    const after = sizeAfter(tokens, index + 1)
    if (after !== null && !countsAWay(tokens, index + 1, after)) {
      const size = sizeOf(tokens[after]) ?? 1
      if (means(one, 'seqlen') && (size >= smallestLength || tokens[after]?.suffix === 'k')) continue
      if (named(tokens[after + 1], 'unit:') !== null && tokens[after + 1]?.kind === 'word') continue
      mesh[axis] = size
      explicit ||= tokens.slice(index + 1, after).some((between) => isSign(between, '='))
      markUsed(tokens, index, after)
      continue
    }
    const before = wayBefore(tokens, index)
    if (before === null) continue
    mesh[axis] = sizeOf(tokens[before]) ?? 1
    markUsed(tokens, before, index)
  }
  return { mesh, explicit }
}

function axisOf(one: Token): Axis | null {
  const name = named(one, 'axis:')
  return axes.find((axis) => axis === name) ?? null
}

/** `no tensor parallelism`, `without fsdp`. */
function isRefused(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]
  const refuses = /^(?:no|without|sin|ohne|kein|keine|keinen|drop|kill|ditch|scrap|去掉|不要)$/
  if (before && refuses.test(before.text)) {
    before.used = true
    return true
  }
  return refuses.test(tokens[index + 1]?.text ?? '') && /^(?:なし)$/.test(tokens[index + 1]?.text ?? '')
}

/** `8-way tensor`, `8路张量并行`: the number stands before. */
function wayBefore(tokens: readonly Token[], index: number): number | null {
  let at = index - 1
  let way = false
  while (at > index - 5 && (isSign(tokens[at], '-') || means(tokens[at], 'axiswords') || /^(?:的|个)$/.test(tokens[at]?.text ?? ''))) {
    way ||= means(tokens[at], 'axiswords')
    at--
  }
  const number = tokens[at]
  if (number === undefined || number.used || sizeOf(number) === null) return null
  return way || number.suffix === 'way' || (means(tokens[index], 'axis:stage') && /stages|stufen|etapas/.test(tokens[index]?.text ?? ''))
    ? at
    : null
}

/** In `tp 8-way fsdp` the 8 is the next one's; in `fsdp 8 way` it is this one's. */
function countsAWay(tokens: readonly Token[], from: number, at: number): boolean {
  const way = tokens[at]?.suffix === 'way' || means(tokens[at + 1], 'axiswords') || means(tokens[at + 2], 'axiswords')
  const next = tokens.slice(at + 1, at + 4).findIndex((one) => named(one, 'axis:') !== null)
  return way && next >= 0 && at === from && !isSign(tokens[from], '=:')
}

function markUsed(tokens: readonly Token[], from: number, to: number): void {
  for (const one of tokens.slice(from, to + 1)) one.used = true
}
