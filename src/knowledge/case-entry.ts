import { createHash } from 'node:crypto'
import type { Case } from '../contract/case.ts'
import { formatMesh, meshSize } from '../contract/mesh.ts'
import type { Model } from '../contract/model.ts'
import { PromptsError } from '../errors.ts'
import { modelTerms } from '../planner/model/model-terms.ts'
import { resolveModel } from './data/models.ts'
import { findSlice } from './data/topologies.ts'
import type { LibraryEntry } from './library.ts'
import { type WorkloadFeatures, workloadSignature } from './signature.ts'

/** What a case is found by: its workload's signature and its words. The embedding is added by whoever has an embedder. */
export function entryOfCase(item: Case): LibraryEntry<'case'> {
  const text = textOfCase(item)
  const signature = workloadSignature(featuresOfCase(item))
  return { kind: 'case', id: item.id, tenant: item.tenant, text, signature, embedding: null, hash: hashOf([item, signature]), item }
}

/** What decided the sharding of a recorded case, as far as it was recorded. */
export function featuresOfCase(item: Case): WorkloadFeatures {
  const { chip, slices, phase, run } = item.workload
  const devices = devicesOf(item)
  const batch = run.global_batch ?? null
  const tokens = batch === null ? null : phase === 'decode' ? batch : run.seq_len === undefined ? null : batch * run.seq_len
  return {
    chip,
    phase,
    devices,
    slices,
    ...parametersOf(item.workload.model),
    tokensPerDevice: tokens === null || devices === null ? null : tokens / devices,
    seqLen: run.seq_len ?? null,
    bottleneck: item.bottleneck,
    kpis: null,
  }
}

/** All parameters of a model and those a token meets; null for a name that is not in the library of models. */
export function parametersOf(model: string | Model): { parameters: number | null; activeParameters: number | null } {
  try {
    const terms = modelTerms(resolveModel(model))
    return { parameters: terms.total, activeParameters: Math.min(terms.total, terms.activeMatmul) }
  } catch (error) {
    if (error instanceof PromptsError) return { parameters: null, activeParameters: null }
    throw error
  }
}

function devicesOf({ workload, to, from, dcn }: Case): number | null {
  try {
    return findSlice(workload.chip, workload.topology).devices * workload.slices
  } catch (error) {
    if (!(error instanceof PromptsError)) throw error
    const mesh = to ?? from
    return mesh === null ? null : meshSize(mesh) * Math.max(meshSize(dcn), workload.slices)
  }
}

/** A case in words: what an engineer might search for. */
export function textOfCase(item: Case): string {
  const { chip, topology, slices, model, phase, run } = item.workload
  const name = typeof model === 'string' ? model : (model.name ?? 'a model of its own')
  const parts = [
    `${name} ${phase} on ${chip} ${topology}${slices > 1 ? ` ${slices} slices multislice dcn` : ''}`,
    run.seq_len ? `sequence ${run.seq_len}` : '',
    run.global_batch ? `batch ${run.global_batch}` : '',
    Object.entries(run)
      .filter(([key]) => key !== 'seq_len' && key !== 'global_batch' && key !== 'flags')
      .map(([key, value]) => `${key} ${value}`)
      .join(' '),
    item.from ? `from ${formatMesh(item.from, ' ')}` : '',
    item.to ? `to ${formatMesh(item.to, ' ')}` : '',
    item.bottleneck === 'unknown' ? '' : `${item.bottleneck} bound`,
    item.result === 'oom' ? 'out of memory oom' : '',
    item.status,
    item.experiment,
    item.lesson ?? '',
    ...item.sources.map((source) => source.title),
  ]
  return parts.filter((part) => part !== '').join('. ')
}

/** Changes whenever what it was taken from changes. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 24)
}
