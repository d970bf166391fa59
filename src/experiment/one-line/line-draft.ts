/** What a line says, before what it does not say is filled in. */
export interface LineDraft {
  model: string | null
  chip: string | null
  /** A slice's name or shape. */
  topology: string | null
  /** Chips of a slice that is named by their number alone. */
  chips: number | null
  slices: number | null
  /** In the line's own word. */
  phase: string | null
  framework: string | null
  objective: string | null
  run: Record<string, string | number>
  mesh: Record<string, number>
  slo: Record<string, number>
  /** A number type that stands alone: of the weights of a server, of the matmuls of a training. */
  dtype: string | null
  /** A global batch that is given in tokens. */
  batchTokens: number | null
  /** How much work and how long it may take: for choosing a slice, not for planning one. */
  budget: { tokens: number | null; days: number | null }
  /** How words were understood where they were not exact. */
  notes: string[]
  unread: string[]
}

/** A draft that says nothing. */
export function emptyDraft(): LineDraft {
  return {
    ...{ model: null, chip: null, topology: null, chips: null, slices: null, phase: null, framework: null, objective: null, dtype: null },
    ...{ run: {}, mesh: {}, slo: {}, batchTokens: null, budget: { tokens: null, days: null }, notes: [], unread: [] },
  }
}
