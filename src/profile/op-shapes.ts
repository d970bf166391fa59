const elementBytes: Record<string, number> = {
  pred: 1,
  s4: 0.5,
  u4: 0.5,
  s8: 1,
  u8: 1,
  f8e4m3fn: 1,
  f8e5m2: 1,
  s16: 2,
  u16: 2,
  f16: 2,
  bf16: 2,
  s32: 4,
  u32: 4,
  f32: 4,
  s64: 8,
  u64: 8,
  f64: 8,
  c64: 8,
}

/**
 * A collective's payload and group size from its HLO text: the largest array named in its result or operands, and the replica
 * groups, written as lists {{0,1},{2,3}} or as [groups,size]<=[…]. Null where the text does not say.
 */
export function collectiveFacts(expression: string): { bytes: number | null; groupSize: number | null } {
  const shapes = expression.split(/, (?:channel_id|replica_groups|kind|calls|source_target_pairs)=/, 1)[0] ?? ''
  const bytes = largestArray(shapes)
  const iota = /replica_groups=\[(\d+),(\d+)\]/.exec(expression)
  if (iota) return { bytes, groupSize: Number(iota[2]) }
  const list = /replica_groups=\{\{([\d,]+)\}/.exec(expression)
  return { bytes, groupSize: list ? (list[1] as string).split(',').length : null }
}

/** How many devices the collective's groups name together; null where its text does not say. */
export function devicesNamed(expression: string): number | null {
  const iota = /replica_groups=\[(\d+),(\d+)\]/.exec(expression)
  if (iota) return Number(iota[1]) * Number(iota[2])
  const lists = /replica_groups=\{(\{[\d,{}]+\})\}/.exec(expression)?.[1]
  return lists === undefined ? null : lists.split(',').length
}

function largestArray(text: string): number | null {
  let bytes: number | null = null
  for (const [, type, dims] of text.matchAll(/\b([a-z]+\d*[a-z0-9]*)\[([\d,]*)\]/g)) {
    const width = elementBytes[type as string]
    if (width === undefined) continue
    const size = (dims as string).split(',').reduce((product, dim) => product * (dim === '' ? 1 : Number(dim)), width)
    if (bytes === null || size > bytes) bytes = size
  }
  return bytes
}

/**
 * FLOPs of a custom kernel from the shapes in its HLO text; null where they do not tell. Attention by its name: q·kᵀ and p·v,
 * four products for dk and dv and three for dq (Dao, FlashAttention-2, section 3), all pairs counted. A product [M,K]·[K,N] (or a
 * grouped one, [M,K]·[G,K,N]) that gives [M,N] is 2·M·N·K.
 */
export function kernelFlopsOfText(name: string, expression: string): number | null {
  const open = expression.indexOf('custom-call(')
  if (open < 0) return null
  const result = arraysOf(expression.slice(0, open))[0]
  const operands = arraysOf(expression.slice(open).split('), ', 1)[0] ?? '')
  if (result === undefined) return null
  if (/flash|splash|mha|attention/i.test(name)) return attentionFlops(name.toLowerCase(), operands)
  const [left, right] = operands.filter((dims) => dims.length >= 2)
  if (!left || !right || left.length !== 2 || result.length !== 2) return null
  const [m, k] = left as [number, number]
  const n = result[1] as number
  const [rows, columns] = right.slice(-2) as [number, number]
  const fits = result[0] === m && ((rows === k && columns === n) || (rows === n && columns === k))
  return fits ? 2 * m * n * k : null
}

function attentionFlops(name: string, operands: number[][]): number | null {
  const [query, key] = operands.filter((dims) => dims.length >= 3)
  if (!query || !key) return null
  const headDim = query.at(-1) as number
  const products = name.includes('dkv') ? 4 : /dq/.test(name) ? 3 : 2
  const heads = query.slice(0, -2).reduce((product, dim) => product * dim, 1)
  return 2 * products * heads * (query.at(-2) as number) * (key.at(-2) as number) * headDim
}

function arraysOf(text: string): number[][] {
  return [...text.matchAll(/\b(?:bf16|f\d+\w*|s\d+|u\d+)\[([\d,]+)\]/g)].map((match) => (match[1] as string).split(',').map(Number))
}
