import type { Dtype, Experiment } from '../../../contract/experiment.ts'
import { PromptsError } from '../../../errors.ts'
import { rematNames, rematTensorSettings } from '../../../planner/remat-policy.ts'
import { nearest } from '../../../text/nearest.ts'
import type { SettingReader } from './setting-reader.ts'
import { carriedFlags } from './setting-table.ts'

type Run = Experiment['run']

export interface RunSettings {
  settings: ReadonlyMap<string, string>
  /** JAX devices of the whole job; null where nothing says them. */
  devices: number | null
  stages: number
  compilerFlags: string | null
  /** The model has experts. */
  experts: boolean
  notes: string[]
}

/** The run of a job: batch, sequence, types, remat and its tensors, optimizer, experts, and what travels under its own name. */
export function runOfSettings(read: SettingReader, { settings, devices, stages, compilerFlags, experts, notes }: RunSettings): Run {
  const weight = readDtype(read, 'weight_dtype', 'float32')
  const microbatches = read.optionalInt('gradient_accumulation_steps') ?? 1
  const pipelineMicrobatches = read.optionalInt('num_pipeline_microbatches')
  const flags = { ...carriedFlags(settings), ...rematTensors(read), ...compilerFlag(compilerFlags ?? read.text('compile_xla_flags', '')) }
  return {
    global_batch: globalBatch(read, devices, microbatches),
    seq_len: read.int('max_target_length'),
    microbatches,
    ...(stages > 1 && pipelineMicrobatches !== null && pipelineMicrobatches > 0 ? { pipeline_microbatches: pipelineMicrobatches } : {}),
    activation_dtype: readDtype(read, 'dtype', 'bfloat16'),
    weight_dtype: weight,
    optimizer_dtype: read.text('mu_dtype', '') === '' ? weight : readDtype(read, 'mu_dtype', 'float32'),
    gradient_dtype: read.text('grad_dtype', '') === '' ? weight : readDtype(read, 'grad_dtype', 'float32'),
    ...readQuantization(read.text('quantization', ''), notes),
    optimizer: readOptimizer(read.text('opt_type', 'adamw'), notes),
    remat: readRemat(read.text('remat_policy', 'full'), notes),
    attention: readAttention(read.text('attention', 'autoselected'), notes),
    ...(experts ? readMoe(read, notes) : {}),
    ...(Object.keys(flags).length > 0 ? { flags } : {}),
  }
}

/** As the log prints it; a YAML or a command gives the batch of a device, whose product MaxText cuts down to whole sequences. */
function globalBatch(read: SettingReader, devices: number | null, microbatches: number): number {
  const printed = read.optionalInt('global_batch_size_to_train_on')
  if (printed !== null) return printed
  const perDevice = Number(read.text('per_device_batch_size', 'NaN'))
  if (devices === null || !(perDevice > 0)) return read.int('global_batch_size_to_train_on')
  return Math.max(1, Math.trunc(perDevice * devices)) * microbatches
}

/** The tensors of a custom policy that MaxText would not compute again, or would send to the host. */
function rematTensors(read: SettingReader): Record<string, string> {
  if (read.text('remat_policy', 'full') !== 'custom') return {}
  const tensors: Record<string, string> = {}
  for (const name of rematTensorSettings) {
    const place = read.text(name, '').toLowerCase()
    if (place === 'offload' || (place === 'device' && name !== 'decoder_layer_input')) tensors[name] = place
  }
  return Object.keys(tensors).length > 0 ? tensors : { decoder_layer_input: 'device' }
}

function compilerFlag(text: string): Record<string, string> {
  return text.trim() === '' ? {} : { LIBTPU_INIT_ARGS: text.trim().slice(0, 2000) }
}

function readRemat(policy: string, notes: string[]): string {
  if (rematNames.includes(policy)) return policy
  const near = nearest(policy, rematNames, 1)[0]
  notes.push(`remat_policy=${policy} is not known${near ? ` (nearest: ${near})` : ''}: planned as full`)
  return 'full'
}

function readDtype(read: SettingReader, name: string, fallback: string): Dtype {
  const value = read.text(name, fallback)
  const known: Record<string, Dtype> = { bfloat16: 'bf16', float32: 'f32', int8: 'int8', int4: 'int4', float8_e4m3fn: 'fp8', fp8: 'fp8' }
  const dtype = known[value]
  if (!dtype) throw new PromptsError('bad_log', `${read.what}: ${name} is "${value}"`, { hint: `Known: ${Object.keys(known).join(', ')}` })
  return dtype
}

function readQuantization(value: string, notes: string[]): { matmul_dtype?: Dtype } {
  const kind = value.toLowerCase()
  if (kind === '' || kind === 'none') return {}
  if (kind.startsWith('int8')) return { matmul_dtype: 'int8' }
  if (kind.includes('fp8')) {
    if (kind !== 'fp8_full') notes.push(`quantization=${value} is planned as fp8 products; on TPU the recipes use fp8_full with qwix`)
    return { matmul_dtype: 'fp8' }
  }
  notes.push(`quantization=${value} is not mapped: matmuls are counted in the activations' type`)
  return {}
}

function readOptimizer(value: string, notes: string[]): Run['optimizer'] {
  const kind = value.toLowerCase()
  if (kind === 'adamw' || kind === 'sgd') return kind
  if (kind !== 'adam_pax') notes.push(`opt_type=${kind} is counted as adamw`)
  return 'adamw'
}

function readAttention(value: string, notes: string[]): Run['attention'] {
  const kind = value.toLowerCase()
  if (kind === 'dot_product') return 'dot_product'
  if (kind !== 'flash' && kind !== 'autoselected') notes.push(`attention=${value} is counted as flash`)
  return 'flash'
}

function readMoe(read: SettingReader, notes: string[]): Partial<Run> {
  const factor = Number(read.text('capacity_factor', '-1'))
  if (!(factor > 0) && read.text('sparse_matmul', 'true') === 'false')
    notes.push(
      'sparse_matmul=false without a capacity_factor makes every expert compute every token: counted as dropless, which computes fewer',
    )
  return factor > 0 ? { moe: 'dropping', capacity_factor: factor } : { moe: 'dropless' }
}
