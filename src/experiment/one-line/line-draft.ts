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
  /** The engine's and the framework's own settings, by their names. */
  flags: Record<string, string>
  mesh: Record<string, number>
  slo: Record<string, number>
  /** A number type that stands alone: of the weights of a server, of the matmuls of a training. */
  dtype: string | null
  /** A global batch that is given in tokens. */
  batchTokens: number | null
  /** What is asked of a server a second, for all its requests together. */
  load: { requests: number | null; tokens: number | null }
  /** How much work, how long it may take and what it may cost: for choosing a slice, not for planning one. */
  budget: LineBudget
  /** The share of paid time in which the job makes progress. */
  goodput: number | null
  /** How words were understood where they were not exact. */
  notes: string[]
  unread: string[]
}

export interface LineBudget {
  tokens: number | null
  days: number | null
  usd: number | null
  usdPerHour: number | null
  usdPerMillionTokens: number | null
}

/** A draft that says nothing. */
export function emptyDraft(): LineDraft {
  return {
    ...{ model: null, chip: null, topology: null, chips: null, slices: null, phase: null, framework: null, objective: null, dtype: null },
    ...{ run: {}, flags: {}, mesh: {}, slo: {}, batchTokens: null, goodput: null, notes: [], unread: [] },
    load: { requests: null, tokens: null },
    budget: { tokens: null, days: null, usd: null, usdPerHour: null, usdPerMillionTokens: null },
  }
}

/** A line with what a later one says instead: what names a slice goes together, as do a batch's forms and a server's load. */
export function overDraft(before: LineDraft, said: LineDraft): LineDraft {
  const placed = said.chip !== null || said.topology !== null || said.chips !== null
  const run = { ...before.run }
  if (said.batchTokens !== null || 'global_batch' in said.run || 'per_device_batch_size' in said.run || 'concurrency' in said.run)
    for (const name of ['global_batch', 'per_device_batch_size', 'concurrency']) delete run[name]
  if ('input_len' in said.run || 'output_len' in said.run) delete run.seq_len
  if ('seq_len' in said.run) for (const name of ['input_len', 'output_len']) delete run[name]
  const batched = said.batchTokens !== null || Object.keys(said.run).some((name) => name.endsWith('batch') || name.endsWith('batch_size'))
  const loaded = said.load.requests !== null || said.load.tokens !== null
  const place = placed
    ? { chip: said.chip ?? before.chip, topology: said.topology, chips: said.chips }
    : { chip: before.chip, topology: before.topology, chips: before.chips }
  return {
    ...place,
    model: said.model ?? before.model,
    slices: said.slices ?? before.slices,
    phase: said.phase ?? before.phase,
    framework: said.framework ?? before.framework,
    objective: said.objective ?? before.objective,
    dtype: said.dtype ?? before.dtype,
    run: { ...run, ...said.run },
    flags: { ...before.flags, ...said.flags },
    // a mesh belongs to the devices that it was said for
    mesh: Object.keys(said.mesh).length > 0 ? said.mesh : placed ? {} : before.mesh,
    slo: { ...before.slo, ...said.slo },
    batchTokens: batched ? said.batchTokens : before.batchTokens,
    goodput: said.goodput ?? before.goodput,
    load: loaded ? said.load : before.load,
    budget: given(before.budget, said.budget),
    notes: [...before.notes, ...said.notes],
    unread: [...before.unread, ...said.unread],
  }
}

function given(before: LineBudget, said: LineBudget): LineBudget {
  return {
    tokens: said.tokens ?? before.tokens,
    days: said.days ?? before.days,
    usd: said.usd ?? before.usd,
    usdPerHour: said.usdPerHour ?? before.usdPerHour,
    usdPerMillionTokens: said.usdPerMillionTokens ?? before.usdPerMillionTokens,
  }
}
