import type { HloModule } from '../types.ts'
import { hasOp } from './has-op.ts'
import { type InferredJob, likely } from './inferred.ts'
import { type KeptTensors, keptTensors } from './kept-tensors.ts'

/** What is computed again, or what speaks against each answer that a name could give. */
export interface InferredRemat {
  found: InferredJob['remat']
  why: string
  choices: string[]
}

type Known = Pick<InferredJob, 'mesh' | 'embed' | 'mlp' | 'seqLen'> & { stacks: ReadonlySet<number> }

/**
 * Without `checkpoint` in any name nothing is computed again. Full recomputation keeps the input of each layer alone; where a
 * program keeps more, or keeps it on the host, no shape says by which policy: that stays open.
 */
export function inferRemat(module: HloModule, known: Known): InferredRemat {
  const told = (found: InferredJob['remat']): InferredRemat => ({ found, why: '', choices: [] })
  if (!hasOp(module, /(^|\/)(checkpoint|rematted_computation|remat\d*)(\/|$)/))
    return told(likely('none', 'nothing in the backward pass is named as computed again'))
  const kept = keptTensors(module, known.stacks)
  const shapes = kept?.shapes.filter((shape) => hasSequence(shape, known)) ?? []
  const more = shapes.filter((shape) => !isLayerInput(shape, known))
  if (kept !== null && (kept.onHost || more.length > 0)) {
    const keeps = more.length > 0 ? `more than its input (${more.map((shape) => shape.join('×')).join(', ')} per device)` : 'its input'
    return { found: null, why: `of each layer ${keeps} is kept${kept.onHost ? ', on the host' : ''}`, choices: likelyPolicies(kept, known) }
  }
  if (shapes.length > 0) return told(likely('full', 'of each layer the program keeps the input alone'))
  return hasOp(module, /transpose\(jvp[^/]*\)\/.*(checkpoint|rematted_computation|remat).*(wi_0|gate|dot_general)/)
    ? told(likely('full', 'the backward pass multiplies again what the forward pass did'))
    : { found: null, why: 'what the policy saves is not told', choices: ['full', 'minimal', 'none'] }
}

/** MaxText's policies that keep such things. */
function likelyPolicies({ shapes, onHost }: KeptTensors, known: Known): string[] {
  if (onHost) return ['minimal_offloaded', 'qkv_proj_offloaded', 'full']
  if (shapes.some((shape) => hasMlp(shape, known))) return ['minimal', 'minimal_with_context', 'save_dot_except_mlp']
  return ['save_qkv_proj', 'save_dot_except_mlp', 'save_dot_with_context_except_mlp', 'save_out_proj']
}

/** Whether it is of tokens: as long as a device's part of the sequence. */
function hasSequence(shape: readonly number[], { seqLen, mesh }: Known): boolean {
  return seqLen === null || shape.includes(seqLen.value / (mesh?.seq.value ?? 1))
}

function isLayerInput(shape: readonly number[], { embed, mesh }: Known): boolean {
  const width = shape.at(-1)
  return embed !== null && (width === embed.value || width === embed.value / (mesh?.model.value ?? 1))
}

function hasMlp(shape: readonly number[], { mlp, mesh }: Known): boolean {
  return mlp !== null && [mlp.value, mlp.value / (mesh?.model.value ?? 1)].includes(shape.at(-1) ?? 0)
}
