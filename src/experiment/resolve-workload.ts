import { type ChipName, canonicalSlice } from '../contract/chip.ts'
import type { Experiment } from '../contract/experiment.ts'
import { compactMesh } from '../contract/mesh.ts'
import type { Model } from '../contract/model.ts'
import { PromptsError } from '../errors.ts'
import type { Slice } from '../interconnect/slice.ts'
import type { ResolvedModel } from '../planner/model/resolved-model.ts'
import { rematNames, rematPolicy } from '../planner/remat-policy.ts'
import { stringFlags } from '../planner/run-flags.ts'
import { badServingSetting, servingNotes } from '../planner/serving/serving-settings.ts'
import type { Chip, ResolvedRun, Workload } from '../planner/workload.ts'
import { nearest } from '../text/nearest.ts'
import { unmodelledNotes } from './unmodelled-flags.ts'

/** The data of `knowledge/` as this module needs it: lookups that throw a coded error naming the nearest entry. */
export interface Catalog {
  findChip: (name: ChipName) => Chip
  findSlice: (chip: ChipName, topology: string) => Slice
  resolveModel: (model: string | Model) => ResolvedModel
  /** The next larger slice of the same chip; null for the largest. */
  largerSlice?: (slice: Slice) => Slice | null
}

/**
 * An experiment with its names looked up and its defaults filled in. Pure: the same experiment and catalog give the same
 * workload.
 * @throws PromptsError `unknown_topology`, `unknown_model`, `bad_experiment` for dims or settings that contradict each other.
 */
export function resolveWorkload(experiment: Experiment, catalog: Catalog): Workload {
  const { hardware, phase } = experiment
  const slice = catalog.findSlice(hardware.chip, canonicalSlice(hardware.topology))
  refuseImpossibleDims(experiment.model, experiment.id)
  const model = catalog.resolveModel(experiment.model)
  refuseImpossibleModel(model, experiment.id)
  const run = resolveRun(experiment)
  refuseImpossibleRun(run, experiment.id)
  const larger = catalog.largerSlice?.(slice)
  const framework = experiment.framework ?? (phase === 'train' ? 'maxtext' : 'vllm')
  const wrong = badServingSetting(framework, phase, run.flags)
  if (wrong !== null) refuse(experiment.id, wrong, "Give it as the engine's own argument takes it, or leave it out.")
  const notes = [
    ...(model.notes ?? []),
    ...unmodelledNotes(run, framework, experiment),
    ...(phase === 'decode' ? servingNotes({ framework, run }) : []),
  ]
  return {
    id: experiment.id,
    framework,
    phase,
    objective: experiment.objective ?? 'throughput',
    slo: experiment.slo ?? {},
    tune: experiment.tune ?? ['mesh'],
    chip: catalog.findChip(hardware.chip),
    slice,
    ...(larger ? { larger } : {}),
    slices: hardware.slices ?? 1,
    model,
    run,
    mesh: experiment.mesh ? compactMesh(experiment.mesh) : null,
    dcn: compactMesh(experiment.dcn ?? {}),
    measured: experiment.measured ?? {},
    ...(notes.length > 0 ? { notes } : {}),
  }
}

function resolveRun({ run, phase, framework = 'maxtext' }: Experiment): ResolvedRun {
  const training = phase === 'train'
  const activation = run.activation_dtype ?? 'bf16'
  const weight = run.weight_dtype ?? (training ? 'f32' : 'bf16')
  return {
    global_batch: run.global_batch,
    seq_len: run.seq_len,
    microbatches: run.microbatches ?? 1,
    pipeline_microbatches: run.pipeline_microbatches ?? null,
    activation_dtype: activation,
    matmul_dtype: run.matmul_dtype ?? activation,
    weight_dtype: weight,
    // MaxText's optimizer states follow its weights where mu_dtype is not set
    optimizer_dtype: run.optimizer_dtype ?? (training && framework === 'maxtext' ? weight : 'f32'),
    gradient_dtype: run.gradient_dtype ?? weight,
    kv_dtype: run.kv_dtype ?? 'bf16',
    optimizer: run.optimizer ?? (training ? 'adamw' : 'none'),
    remat: run.remat ?? (training ? 'full' : 'none'),
    attention: run.attention ?? 'flash',
    moe: run.moe ?? (run.capacity_factor === undefined ? 'dropless' : 'dropping'),
    capacity_factor: run.capacity_factor ?? null,
    output_len: run.output_len ?? null,
    input_len: run.input_len ?? null,
    concurrency: run.concurrency ?? null,
    flags: stringFlags(run.flags) ?? {},
  }
}

function refuseImpossibleModel(model: ResolvedModel, id: string): void {
  for (const { attention, mlp } of model.kinds) {
    if (attention && 'kv_heads' in attention && attention.heads % attention.kv_heads !== 0)
      refuse(
        id,
        `model.heads ${attention.heads} is not a multiple of model.kv_heads ${attention.kv_heads}`,
        'Each KV head serves equally many heads.',
      )
    if (attention && (attention.kind === 'window' || attention.kind === 'chunked') && attention.window === undefined)
      refuse(id, `a ${attention.kind} attention has no window`, 'Give its size in tokens: window.')
    if (mlp?.kind === 'moe' && mlp.experts_per_token > mlp.experts)
      refuse(
        id,
        `model.experts_per_token ${mlp.experts_per_token} is more than model.experts ${mlp.experts}`,
        'A token goes to some of the experts, at most to all.',
      )
  }
  if (model.divisors.heads === 0)
    refuse(id, 'the model has no attention layer', 'State-space models without attention are not planned: a decoder attends somewhere.')
}

/** What the flat form can contradict itself in. */
function refuseImpossibleDims(given: Experiment['model'], id: string): void {
  if (typeof given === 'string' || typeof given.layers !== 'number') return
  const { experts = 1, dense_layers: dense = 0, layers } = given
  if (dense > layers)
    refuse(id, `model.dense_layers ${dense} is more than model.layers ${layers}`, 'dense_layers are the first of the layers.')
  if (experts === 1 && dense > 0 && dense !== layers) {
    refuse(id, `model.dense_layers ${dense} in a model without experts`, 'Give model.experts, or leave dense_layers out.')
  }
}

function refuseImpossibleRun(run: ResolvedRun, id: string): void {
  if (rematPolicy(run.remat, run.flags).certainty === 'unknown') {
    const near = nearest(run.remat, rematNames, 2)
    refuse(
      id,
      `run.remat "${run.remat.slice(0, 60)}" is no policy that is known`,
      near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known: ${rematNames.join(', ')}.`,
    )
  }
  if (run.microbatches > run.global_batch) {
    refuse(
      id,
      `run.microbatches ${run.microbatches} is more than run.global_batch ${run.global_batch}`,
      'A microbatch holds at least one sequence.',
    )
  }
}

function refuse(id: string, message: string, hint: string): never {
  throw new PromptsError('bad_experiment', `${id}: ${message}.`, { hint })
}
