import type { Dtype, Run } from '../../contract/experiment.ts'
import { axes, axisSize } from '../../contract/mesh.ts'
import { blocksToChange, longKeyBlock } from '../../planner/attention-blocks.ts'
import { offloadsOptimizer, optimizerOffloadFlag } from '../../planner/footprint/optimizer-state.ts'
import { axisNames } from '../../text/axis-names.ts'
import type { SnippetInput } from './snippet-input.ts'

/** MaxText axes that no card uses; left alone they could keep a value other than 1 from an older command line. */
const unusedAxes = ['fsdp_transpose', 'sequence', 'tensor_sequence', 'autoregressive']

const dtypeNames: Record<Dtype, string> = {
  f32: 'float32',
  bf16: 'bfloat16',
  int8: 'int8',
  fp8: 'float8_e4m3fn',
  int4: 'int4',
  fp4: 'float4_e2m1fn',
}

/**
 * MaxText settings for a command line. Every axis is written out, inside a slice and across slices, because
 * `ici_fsdp_parallelism` and `dcn_data_parallelism` are -1 by default and would take up what is left.
 */
export function maxtextSnippet(input: SnippetInput): string {
  return [...meshSettings(input), runSettings(input, (name) => input.changes[name] !== undefined)]
    .filter((line) => line.length > 0)
    .map((line) => line.join(' '))
    .join('\n')
}

/** The mesh: one line of settings for each of its parts; a part that is not there is empty. */
export function meshSettings(input: SnippetInput): string[][] {
  const names = axisNames.maxtext
  return [
    axes.map((axis) => `ici_${names[axis]}_parallelism=${axisSize(input.mesh, axis)}`),
    unusedAxes.map((name) => `ici_${name}_parallelism=1`),
    axes.map((axis) => `dcn_${names[axis]}_parallelism=${axisSize(input.dcn, axis)}`),
    input.physical === 'split' ? ['allow_split_physical_axes=true'] : [],
    pipelineSettings(input),
    attentionSettings(input),
  ]
}

/** Blocks of the flash kernel that divide a shard of the sequence, where those that the run has do not. */
function attentionSettings({ mesh, dcn, run }: SnippetInput): string[] {
  const blocks = blocksToChange(run, axisSize(mesh, 'seq') * axisSize(dcn, 'seq'))
  const keys = longKeyBlock(run)
  return [
    ...blocks.flatMap(({ name, fitting }) => (fitting === null ? [] : [`${name}=${fitting}`])),
    ...(keys === null ? [] : [`sa_block_kv_dkv=${keys}`]),
  ]
}

function pipelineSettings({ mesh, dcn, model, run }: SnippetInput): string[] {
  const stages = axisSize(mesh, 'stage') * axisSize(dcn, 'stage')
  if (stages === 1) return []
  const outside = model.leadingDense
  const layers = model.layers - outside
  return [
    // leading dense layers stand outside the pipeline
    ...(outside > 0 ? [`pipeline_parallel_layers=${layers}`] : []),
    `num_layers_per_pipeline_stage=${layers / stages}`,
    'num_pipeline_repeats=1',
    `num_pipeline_microbatches=${run.pipeline_microbatches ?? stages}`,
  ]
}

/** The settings of a run, those that are wanted. */
export function runSettings({ model, run, devices }: SnippetInput, wanted: (name: keyof Run) => boolean): string[] {
  const settings: string[] = []
  if (wanted('remat')) settings.push(`remat_policy=${shellWord(run.remat)}`)
  if (wanted('global_batch') || wanted('microbatches')) {
    settings.push(`per_device_batch_size=${perDevice(run.global_batch / run.microbatches, devices)}`)
    settings.push(`gradient_accumulation_steps=${run.microbatches}`)
  }
  if (wanted('seq_len')) settings.push(`max_target_length=${run.seq_len}`)
  if (wanted('activation_dtype')) settings.push(`dtype=${dtypeNames[run.activation_dtype]}`)
  if (wanted('matmul_dtype')) settings.push(...quantizationSettings(run.matmul_dtype))
  if (wanted('weight_dtype')) settings.push(`weight_dtype=${dtypeNames[run.weight_dtype]}`)
  if (wanted('optimizer_dtype')) settings.push(`mu_dtype=${dtypeNames[run.optimizer_dtype]}`)
  if (wanted('gradient_dtype')) settings.push(`grad_dtype=${dtypeNames[run.gradient_dtype]}`)
  if (wanted('optimizer') && maxtextOptimizers.has(run.optimizer)) settings.push(`opt_type=${run.optimizer}`)
  if (wanted('attention')) settings.push(`attention=${run.attention}`)
  if (model.moeLayers > 0) settings.push(...expertSettings(run, wanted))
  if (wanted('flags') && offloadsOptimizer(run)) settings.push(`${optimizerOffloadFlag}=true`)
  return settings
}

/** Optimizers of ours that MaxText has by the same name (types.py, OptimizerType); it refuses any other `opt_type`. */
const maxtextOptimizers: ReadonlySet<string> = new Set(['adamw', 'sgd'])

/**
 * Quantized training on TPU goes through qwix: without it `quantization=fp8` means NVIDIA GPUs, and int8 a deprecated path
 * (base.yml). The public fp8 recipes for Ironwood train with fp8_full.
 */
function quantizationSettings(dtype: Dtype): string[] {
  if (dtype !== 'int8' && dtype !== 'fp8') return ["quantization=''"]
  return [`quantization=${dtype === 'fp8' ? 'fp8_full' : dtype}`, 'use_qwix_quantization=true']
}

function expertSettings(run: SnippetInput['run'], wanted: (name: keyof Run) => boolean): string[] {
  if (!wanted('moe')) return wanted('capacity_factor') ? [`capacity_factor=${run.capacity_factor}`] : []
  return [`sparse_matmul=${run.moe === 'dropless'}`, `capacity_factor=${run.moe === 'dropless' ? -1 : (run.capacity_factor ?? 1)}`]
}

/** A policy's name is whatever an experiment or a model's answer says: quoted, it pastes as one word. */
function shellWord(value: string): string {
  return /^[\w.-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`
}

/** 0.25, 4, 0.333333334: MaxText cuts devices × this down to a whole batch, so what is not exact is rounded up. */
function perDevice(batch: number, devices: number): string {
  const tidy = Number((batch / devices).toFixed(6))
  const value = Math.trunc(tidy * devices) === batch ? tidy : Math.ceil((batch / devices) * 1e9) / 1e9
  return value.toFixed(9).replace(/\.?0+$/, '')
}
