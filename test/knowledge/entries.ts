import type { Case } from '../../src/contract/case.ts'
import type { LibraryEntry } from '../../src/knowledge/library.ts'
import { shippedTenant } from '../../src/knowledge/library.ts'
import { toUnitLength, type WorkloadFeatures, workloadSignature } from '../../src/knowledge/signature.ts'

export const llama70b: WorkloadFeatures = {
  chip: 'v5p',
  phase: 'train',
  devices: 64,
  slices: 1,
  parameters: 70e9,
  activeParameters: 70e9,
  tokensPerDevice: 16_384,
  seqLen: 4096,
  bottleneck: 'communication',
  kpis: null,
}

export function aCase(id: string, overrides: Partial<Case> = {}): Case {
  return {
    id,
    tenant: shippedTenant,
    experiment: id,
    lesson: null,
    conditions: {},
    workload: { chip: 'v5p', topology: '4x4x4', slices: 1, model: 'llama2-70b', phase: 'train', run: { global_batch: 256, seq_len: 4096 } },
    from: { data: 16, model: 4 },
    to: { data: 32, model: 2 },
    dcn: {},
    bottleneck: 'communication',
    result: 'ok',
    predicted_step_ms: null,
    measured_before_ms: 28_900,
    measured_after_ms: 22_400,
    status: 'published',
    by: null,
    at: '2026-01-01',
    sources: [{ title: 'a run', uri: 'https://example.com/run' }],
    ...overrides,
  }
}

export function caseEntry(
  id: string,
  options: {
    tenant?: string
    text?: string
    features?: Partial<WorkloadFeatures>
    embedding?: number[]
    item?: Partial<Case>
    hash?: string
  } = {},
): LibraryEntry<'case'> {
  const tenant = options.tenant ?? shippedTenant
  return {
    kind: 'case',
    id,
    tenant,
    text: options.text ?? `case ${id}`,
    signature: workloadSignature({ ...llama70b, ...options.features }),
    embedding: options.embedding ? toUnitLength(options.embedding) : null,
    hash: options.hash ?? `hash-${id}`,
    item: aCase(id, { tenant, ...options.item }),
  }
}

export function docEntry(id: string, title: string, text: string, embedding: number[] | null = null): LibraryEntry<'doc'> {
  return {
    kind: 'doc',
    id,
    tenant: shippedTenant,
    text: `${title}\n${text}`,
    signature: null,
    embedding: embedding && toUnitLength(embedding),
    hash: `hash-${id}`,
    item: { id, title, text, uri: `knowledge/docs/${id}`, sources: [], keywords: [], chips: [], phases: [], rules: [] },
  }
}
