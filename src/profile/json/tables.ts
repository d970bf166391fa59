import { z } from 'zod'
import { plainText } from '../plain-text.ts'

const cell = z.union([z.object({ v: z.unknown().optional() }).transform((each) => each.v), z.null().transform(() => null)])
const tableSchema = z.object({
  cols: z.array(z.object({ id: z.string().optional(), label: z.string().optional() })).default([]),
  rows: z.array(z.object({ c: z.array(cell) })).default([]),
  p: z.record(z.string(), z.unknown()).nullish(),
})

/** A Google Visualization table, as XProf's server answers: rows by column id, and the properties beside it. */
export interface Table {
  rows: Record<string, unknown>[]
  properties: Record<string, unknown>
}

/** The tables of a reply, which is one or a list; what is not a table gives an empty one, so that positions stay. */
export function tablesOf(reply: unknown): Table[] {
  const list = Array.isArray(reply) ? reply : [reply]
  return list.map((each) => {
    const parsed = tableSchema.safeParse(each)
    if (!parsed.success) return { rows: [], properties: {} }
    const ids = parsed.data.cols.map((column, index) => column.id ?? column.label ?? `c${index}`)
    return {
      rows: parsed.data.rows.map((row) =>
        Object.fromEntries(row.c.flatMap((value, index) => (ids[index] === undefined ? [] : [[ids[index], value]]))),
      ),
      properties: parsed.data.p ?? {},
    }
  })
}

/** The number in a cell or a property: XProf writes 86.5, "86.5", "86.5%" and "8 (Replica count = 8)". Null for anything else. */
export function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'string') return null
  const found = /^\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)/i.exec(value)
  return found ? Number(found[1]) : null
}

/** "86.5%" as 0.865. */
export function shareOf(value: unknown): number | null {
  const number = numberOf(value)
  return number === null ? null : number / 100
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? plainText(value) : ''
}
