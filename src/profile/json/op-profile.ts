import { z } from 'zod'
import type { OpRow } from '../op-row.ts'
import type { OpTable } from '../op-table.ts'
import { plainText } from '../plain-text.ts'
import { opRow } from './op-rows.ts'

const nodeSchema = z.looseObject({
  name: z.string().default(''),
  metrics: z
    .looseObject({
      rawTime: z.coerce.number().optional(),
      rawFlops: z.coerce.number().optional(),
      occurrences: z.coerce.number().optional(),
      rawBytesAccessedArray: z.array(z.coerce.number()).optional(),
      /** Older replies hold fractions of the whole. */
      time: z.number().optional(),
      flops: z.number().optional(),
    })
    .optional(),
  xla: z
    .looseObject({
      category: z.string().optional(),
      expression: z.string().optional(),
      provenance: z.string().optional(),
      op: z.string().optional(),
    })
    .nullish(),
  children: z.array(z.unknown()).default([]),
})
type Node = z.infer<typeof nodeSchema>

const maxNodes = 200_000

/** The ops of an op_profile reply: the leaves of its tree that took time. Old replies give fractions, taken of `spanPs`. */
export function opProfileTable(reply: unknown, spanPs: number): OpTable | null {
  const parsed = z.looseObject({ byProgram: z.unknown().optional(), byCategory: z.unknown().optional() }).safeParse(reply)
  if (!parsed.success) return null
  const root = nodeSchema.safeParse(parsed.data.byProgram ?? parsed.data.byCategory)
  if (!root.success) return null
  const total = timeOf(root.data, spanPs)
  const rows: OpRow[] = []
  const stack: Node[] = [root.data]
  for (let seen = 0; stack.length > 0 && seen < maxNodes; seen++) {
    const node = stack.pop() as Node
    const children = node.children.flatMap((child) => {
      const known = nodeSchema.safeParse(child)
      return known.success ? [known.data] : []
    })
    const inner = children.filter((child) => timeOf(child, spanPs) > 0)
    if (inner.length > 0) stack.push(...inner)
    else if (node.xla && node.xla.category !== 'IDLE' && timeOf(node, spanPs) > 0) rows.push(rowOf(node, spanPs))
  }
  return { rows, totalPs: total, opPs: rows.reduce((sum, row) => sum + row.selfPs, 0), barrierPs: 0 }
}

function timeOf(node: Node, spanPs: number): number {
  return node.metrics?.rawTime ?? (node.metrics?.time ?? 0) * spanPs
}

function rowOf(node: Node, spanPs: number): OpRow {
  const { metrics, xla } = node
  const timePs = timeOf(node, spanPs)
  const bytes = metrics?.rawBytesAccessedArray
  return opRow({
    name: plainText(node.name.replace(/^%/, '')),
    // Old replies put a group's title where the category belongs; the opcode says more.
    category: metrics?.rawTime === undefined ? (xla?.op ?? xla?.category ?? '') : (xla?.category ?? ''),
    expression: plainText(xla?.expression ?? ''),
    frameworkOp: xla?.provenance ?? null,
    count: metrics?.occurrences ?? 1,
    timePs,
    selfPs: timePs,
    flops: metrics?.rawFlops ?? null,
    bytes: bytes ? bytes.reduce((sum, each) => sum + each, 0) : null,
    ...(bytes?.[0] === undefined ? {} : { hbmBytes: bytes[0] }),
  })
}
