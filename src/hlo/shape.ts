import type { HloShape } from './types.ts'

const bitsOf: Readonly<Record<string, number>> = {
  pred: 8, s1: 1, s2: 2, s4: 4, s8: 8, s16: 16, s32: 32, s64: 64, u1: 1, u2: 2, u4: 4, u8: 8, u16: 16, u32: 32, u64: 64,
  f16: 16, bf16: 16, f32: 32, f64: 64, c64: 64, c128: 128, f4e2m1fn: 4, f6e3m2fn: 6, f6e2m3fn: 6,
} // biome-ignore format: a table

/** Elements of an array shape (1 for a scalar); 0 for tuples, tokens and the like. */
export function elementsOf(shape: HloShape): number {
  if (isOpaque(shape)) return 0
  let product = 1
  for (const dim of shape.dims) product *= dim
  return product
}

/** Bytes of a shape without the padding of its tiles; a tuple is the sum of its elements. */
export function bytesOf(shape: HloShape): number {
  if (shape.type === 'tuple' || shape.type === 'buffer') {
    let sum = 0
    for (const element of shape.elements) sum += bytesOf(element)
    return sum
  }
  return Math.ceil((elementsOf(shape) * bitsPerElement(shape)) / 8)
}

/** Whether the shape, or any part of it, lives in a memory space (0 HBM, 1 VMEM, 5 the host's memory). */
export function inMemorySpace(shape: HloShape, space: number): boolean {
  if (shape.type === 'tuple') return shape.elements.some((element) => inMemorySpace(element, space))
  return !isOpaque(shape) && shape.memorySpace === space
}

/** `bf16[2,2048]{1,0}` or `(…)`, as XLA writes it, without tiles and memory space. */
export function shapeText(shape: HloShape): string {
  if (shape.type === 'tuple') return `(${shape.elements.map(shapeText).join(', ')})`
  if (isOpaque(shape)) return `${shape.type}[]`
  const layout = shape.minorToMajor.length > 0 ? `{${shape.minorToMajor.join(',')}}` : ''
  return `${shape.type}[${shape.dims.join(',')}]${layout}`
}

function isOpaque(shape: HloShape): boolean {
  return ['tuple', 'token', 'opaque', 'buffer', 'invalid'].includes(shape.type)
}

function bitsPerElement(shape: HloShape): number {
  return bitsOf[shape.type] ?? (shape.type.startsWith('f8') ? 8 : 32)
}
