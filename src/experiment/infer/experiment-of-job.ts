import { type Dtype, type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { axes, compactMesh, type Mesh } from '../../contract/mesh.ts'
import type { Found, InferredJob } from '../../hlo/infer/inferred.ts'
import { jobWords } from './job-words.ts'

/**
 * An experiment read out of a compiled program, null where it leaves something open; `notes` say what was found and how sure it
 * is.
 */
export interface InferredExperiment {
  experiment: Experiment | null
  notes: string[]
}

const types: Record<string, Dtype> = { f32: 'f32', bf16: 'bf16', s8: 'int8', u8: 'int8', s4: 'int4', f8e4m3fn: 'fp8', f8e5m2: 'fp8' }

/**
 * Makes an experiment of what a compiled program says, on the slice that is known from elsewhere; `model` is the name of one
 * of the library. Pure.
 */
export function experimentOfJob(
  job: InferredJob,
  place: { id: string; chip: Experiment['hardware']['chip']; topology: string; slices: number; model: string | null },
): InferredExperiment {
  const { id, chip, topology, slices, model } = place
  const notes = describe(job)
  const { phase, mesh, layers, embed, mlp, heads, headDim, vocab, globalBatch, seqLen } = job
  const dims = { layers, embed, mlp, heads, headDim, vocab }
  const missing = Object.values({ phase, mesh, ...(model === null ? dims : {}), globalBatch, seqLen }).filter((value) => value === null)
  if (missing.length > 0) return { experiment: null, notes }
  const data: unknown = {
    id,
    framework: 'jax',
    hardware: { chip, topology, ...(slices > 1 ? { slices } : {}) },
    phase: job.phase!.value,
    model: model ?? modelOf(job),
    run: runOf(job),
    ...meshOf(job, slices),
  }
  const parsed = experimentSchema.safeParse(data)
  if (parsed.success) return { experiment: parsed.data, notes }
  return { experiment: null, notes: [...notes, `the compiled program gives no experiment: ${parsed.error.issues[0]?.message}`] }
}

function modelOf(job: InferredJob) {
  const experts = job.experts?.value ?? 1
  return {
    name: 'from the compiled program',
    ...{ layers: job.layers!.value, embed: job.embed!.value, mlp: job.mlp!.value, vocab: job.vocab!.value },
    ...{ heads: job.heads!.value, kv_heads: job.kvHeads?.value ?? job.heads!.value, head_dim: job.headDim!.value },
    ...{ gated_mlp: job.gated?.value ?? true, tied_embeddings: job.tied?.value ?? false },
    ...(experts > 1
      ? { experts, experts_per_token: job.expertsPerToken?.value ?? Math.min(2, experts), dense_layers: job.denseLayers?.value ?? 0 }
      : {}),
  }
}

function runOf(job: InferredJob) {
  const type = (found: Found<string> | null) => (found === null ? undefined : types[found.value])
  const optional = {
    microbatches: job.microbatches?.value,
    pipeline_microbatches: job.pipelineMicrobatches?.value,
    weight_dtype: type(job.weightType),
    optimizer_dtype: type(job.optimizerType),
    kv_dtype: type(job.cacheType),
    optimizer: job.phase?.value === 'train' ? job.optimizer?.value : undefined,
    remat: job.remat?.value,
  }
  return {
    global_batch: job.globalBatch!.value,
    seq_len: job.seqLen!.value,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  }
}

/** Slices split the batch: replicas first, where there are as many, else the data axis. */
function meshOf(job: InferredJob, slices: number): { mesh: Mesh; dcn?: Mesh } {
  const mesh: Mesh = Object.fromEntries(axes.map((axis) => [axis, job.mesh![axis].value]))
  if (slices === 1) return { mesh: compactMesh(mesh) }
  const over = (['replica', 'data', 'stage'] as const).find((axis) => (mesh[axis] ?? 1) % slices === 0)
  if (over === undefined) return { mesh: compactMesh(mesh) }
  return { mesh: compactMesh({ ...mesh, [over]: mesh[over]! / slices }), dcn: { [over]: slices } }
}

/** What was read, and the guesses apart. */
function describe(job: InferredJob): string[] {
  const found = jobWords.flatMap(([key, name]) => (job[key] === null ? [] : [{ name, ...(job[key] as Found<unknown>) }]))
  const mesh = job.mesh === null ? [] : axes.map((axis) => ({ name: axis, ...job.mesh![axis] }))
  const guesses = [...found, ...mesh].filter((one) => one.certainty === 'likely')
  const list = (values: { name: string; value: unknown }[]) => values.map(({ name, value }) => `${name} ${String(value)}`).join(', ')
  return [
    `read from the compiled program in the profile: ${list(found.filter((one) => one.certainty === 'sure'))}${mesh.length > 0 ? `; mesh ${list(mesh.filter(({ value }) => value > 1)) || '1 device'}` : ''}`,
    ...(guesses.length > 0
      ? [`likely, not sure: ${guesses.map(({ name, value, how }) => `${name} ${String(value)} (${how})`).join(', ')}`]
      : []),
  ]
}
