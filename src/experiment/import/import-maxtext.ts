import { type Dtype, type Experiment, experimentSchema } from '../../contract/experiment.ts'
import { axes, compactMesh, formatMesh, type Mesh } from '../../contract/mesh.ts'
import { PromptsError } from '../../errors.ts'
import { parseWithSchema } from '../parse-with-schema.ts'
import type { Imported } from './imported.ts'
import { type MaxTextLog, readMaxTextLog } from './maxtext-settings.ts'

export interface MaxTextImportOptions {
  /** The experiment's id; by default the log's run name, then the model and slice. */
  id?: string
  /** Slice name or `chip:shape` where the log does not say it (`v5p-128`). */
  topology?: string
}

/** Which of MaxText's mesh axes each of ours stands for; several multiply. */
const axisParts: Record<string, keyof Mesh> = {
  data: 'replica',
  pipeline: 'stage',
  fsdp: 'data',
  fsdp_transpose: 'data',
  context: 'seq',
  sequence: 'seq',
  tensor: 'model',
  tensor_transpose: 'model',
  tensor_sequence: 'model',
  expert: 'expert',
}

/** What is lost where an axis of MaxText is folded into another. */
const foldedNote: Record<string, string> = {
  fsdp_transpose: 'fsdp_transpose is counted as data (FSDP): it shards the other dimension of the weights, with the same memory',
  sequence: 'sequence is counted as seq: MaxText shards only some activations by it',
  tensor_transpose: 'tensor_transpose is counted as model: it shards the embedding dimension instead of heads and mlp',
  tensor_sequence: 'tensor_sequence is counted as model: it also shards activations by sequence',
}

/**
 * Makes an experiment from a MaxText log (0.2.5 and its neighbours): hardware, model, settings, mesh (every axis mapped or named as not
 * mapped), and the median step time when the log has completed steps.
 * @throws PromptsError `bad_log` naming the setting that is missing or wrong.
 */
export function importMaxText(text: string, what: string, options: MaxTextImportOptions = {}): Imported {
  const log = readMaxTextLog(text, what)
  const notes: string[] = []
  const read = reader(log, what)
  const hardware = readHardware(log, read, options, what)
  const devices = read.optionalInt('num_target_devices')
  const slices = hardware.slices
  const mesh = readMesh(log, 'ici', devices === null ? null : devices / slices, notes, what)
  const dcn = readMesh(log, 'dcn', slices, notes, what)
  const stepTimeMs = medianStepMs(log, notes)
  const pipelineMicrobatches = read.optionalInt('num_pipeline_microbatches')
  const name = read.text('model_name', 'model')
  const data: Experiment = {
    id: options.id ?? cleanId(read.text('run_name', '') || `${name}-${hardware.label}`),
    framework: 'maxtext',
    hardware: { chip: hardware.chip as Experiment['hardware']['chip'], topology: hardware.topology, ...(slices > 1 ? { slices } : {}) },
    phase: 'train',
    model: readModel(read, name, notes),
    run: {
      global_batch: read.int('global_batch_size_to_train_on'),
      seq_len: read.int('max_target_length'),
      microbatches: read.optionalInt('gradient_accumulation_steps') ?? 1,
      ...((mesh.stage ?? 1) > 1 && pipelineMicrobatches !== null && pipelineMicrobatches > 0
        ? { pipeline_microbatches: pipelineMicrobatches }
        : {}),
      activation_dtype: readDtype(read.text('dtype', 'bfloat16'), 'dtype', what),
      weight_dtype: readDtype(read.text('weight_dtype', 'float32'), 'weight_dtype', what),
      optimizer_dtype: readDtype(read.text('mu_dtype', '') || read.text('weight_dtype', 'float32'), 'mu_dtype', what),
      gradient_dtype: readDtype(read.text('grad_dtype', '') || read.text('weight_dtype', 'float32'), 'grad_dtype', what),
      ...readQuantization(read.text('quantization', ''), notes),
      optimizer: readOptimizer(read.text('opt_type', 'adamw'), notes),
      remat: read.text('remat_policy', 'full'),
      attention: readAttention(read.text('attention', 'autoselected'), notes),
      ...readMoe(read),
    },
    mesh: compactMesh(mesh),
    ...(slices > 1 ? { dcn: compactMesh(dcn) } : {}),
    ...(stepTimeMs === null ? {} : { measured: { step_time_ms: stepTimeMs } }),
  }
  noteUnmapped(log, notes)
  return { experiment: parseWithSchema(experimentSchema, data, what, 'bad_log'), notes }
}

type Reader = ReturnType<typeof reader>

function reader(log: MaxTextLog, what: string) {
  const text = (name: string, fallback: string): string => {
    const value = log.settings.get(name)
    return value === undefined || value === 'None' || value === '' ? fallback : value
  }
  const optionalInt = (name: string): number | null => {
    const value = Number(text(name, 'NaN'))
    return Number.isInteger(value) ? value : null
  }
  const int = (name: string): number => {
    const value = optionalInt(name)
    if (value === null)
      throw new PromptsError(
        'bad_log',
        `${what}: setting ${name} is ${log.settings.has(name) ? `"${log.settings.get(name)}", not a whole number` : 'missing'}`,
        { hint: 'Give the log from the start of the run.' },
      )
    return value
  }
  return { text, int, optionalInt }
}

function readHardware(log: MaxTextLog, read: Reader, options: MaxTextImportOptions, what: string) {
  const named = options.topology ?? read.text('compile_topology', '')
  const chip = chipOf(named)
  if (!chip) {
    const hint = 'Name the slice: --topology v5p-128, or v6e:4x8.'
    throw new PromptsError(
      'bad_log',
      named
        ? `${what}: "${named}" is not a slice of a known chip`
        : `${what}: the log does not say which slice it ran on (compile_topology is empty)`,
      { hint },
    )
  }
  const slices = Math.max(
    1,
    read.optionalInt('num_slices') ?? 1,
    log.settings.get('compile_topology') ? (read.optionalInt('compile_topology_num_slices') ?? 1) : 1,
  )
  return { chip, topology: named.includes(':') ? named.slice(named.indexOf(':') + 1) : named, slices, label: named.replace(':', '-') }
}

function chipOf(topology: string): string | null {
  const match = /^(v4|v5p|v5e|v5litepod|v6e|tpu7x)[-:]/.exec(topology)
  return match ? (match[1] === 'v5litepod' ? 'v5e' : match[1]!) : null
}

function readModel(read: Reader, name: string, notes: string[]): Experiment['model'] {
  const experts = read.optionalInt('num_experts') ?? 1
  const moeMlp = read.optionalInt('moe_mlp_dim') ?? -1
  const window = read.optionalInt('sliding_window_size') ?? 0
  const gated = read.text('mlp_activations', "['silu', 'linear']").split(',').length > 1
  if (experts > 1) notes.push(`mlp is the width of one expert (${moeMlp > 0 ? 'moe_mlp_dim' : 'mlp_dim'})`)
  return {
    name,
    layers: read.int('num_decoder_layers'),
    embed: read.int('emb_dim'),
    mlp: experts > 1 && moeMlp > 0 ? moeMlp : read.int('mlp_dim'),
    heads: read.int('num_query_heads'),
    kv_heads: read.int('num_kv_heads'),
    head_dim: read.int('head_dim'),
    vocab: read.int('vocab_size'),
    gated_mlp: gated,
    tied_embeddings: read.text('logits_via_embedding', 'False') === 'True',
    ...(experts > 1
      ? {
          experts,
          experts_per_token: read.int('num_experts_per_tok'),
          shared_experts: read.optionalInt('shared_experts') ?? 0,
          dense_layers: read.optionalInt('first_num_dense_layers') ?? 0,
        }
      : {}),
    ...(window > 0 ? { attention_window: window } : {}),
  }
}

function readMesh(log: MaxTextLog, kind: 'ici' | 'dcn', total: number | null, notes: string[], what: string): Mesh {
  const mesh: Mesh = {}
  let rest: keyof Mesh | null = null
  for (const [part, axis] of Object.entries(axisParts)) {
    const value = Number(log.settings.get(`${kind}_${part}_parallelism`) ?? 1)
    if (value === 1) continue
    if (value === -1) {
      rest = axis
      continue
    }
    if (!Number.isInteger(value) || value < 1)
      throw new PromptsError('bad_log', `${what}: ${kind}_${part}_parallelism is ${value}`, {
        hint: 'An axis is a whole number from 1, or -1 for the rest.',
      })
    mesh[axis] = (mesh[axis] ?? 1) * value
    const folded = foldedNote[part]
    if (folded) notes.push(`${kind}_${part}_parallelism=${value}: ${folded}`)
  }
  if (rest !== null) fillRest(mesh, rest, total, kind, notes, what)
  return mesh
}

function fillRest(mesh: Mesh, axis: keyof Mesh, total: number | null, kind: string, notes: string[], what: string): void {
  const named = axes.reduce((product, one) => product * (mesh[one] ?? 1), 1)
  if (total === null)
    throw new PromptsError('bad_log', `${what}: an ${kind} axis is -1 and num_target_devices is missing`, {
      hint: 'Give the log from the start of the run.',
    })
  const size = total / named
  if (!Number.isInteger(size))
    throw new PromptsError('bad_log', `${what}: ${kind} axes ${formatMesh(mesh)} do not divide ${total}`, {
      hint: 'The log does not fit its own device count.',
    })
  mesh[axis] = (mesh[axis] ?? 1) * size
  if (kind === 'ici' || size > 1) notes.push(`${kind} ${axis}: -1 resolved to ${size}`)
}

/** Axes of MaxText that have no counterpart here and are not 1. */
function noteUnmapped(log: MaxTextLog, notes: string[]): void {
  for (const [name, value] of log.settings) {
    const part = /^(?:ici|dcn)_(.+)_parallelism$/.exec(name)?.[1]
    if (part !== undefined && !(part in axisParts) && value !== '1')
      notes.push(`${name}=${value} is not mapped: no axis of ours stands for it`)
  }
}

function medianStepMs(log: MaxTextLog, notes: string[]): number | null {
  const steps = [...log.stepSeconds].sort(([a], [b]) => a - b).map(([, seconds]) => seconds)
  const steady = steps.length > 4 ? steps.slice(2) : steps.slice(1)
  if (steady.length === 0) return null
  const sorted = steady.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  notes.push(`measured step time: the median of ${steady.length} steps after the first ${steps.length - steady.length}`)
  return Math.round(median * 1e6) / 1e3
}

function readDtype(value: string, name: string, what: string): Dtype {
  const known: Record<string, Dtype> = { bfloat16: 'bf16', float32: 'f32', int8: 'int8', float8_e4m3fn: 'fp8', fp8: 'fp8' }
  const dtype = known[value]
  if (!dtype) throw new PromptsError('bad_log', `${what}: ${name} is "${value}"`, { hint: `Known: ${Object.keys(known).join(', ')}` })
  return dtype
}

function readQuantization(value: string, notes: string[]): { matmul_dtype?: Dtype } {
  const kind = value.replace('QuantizationType.', '').toLowerCase()
  if (kind === '' || kind === 'none') return {}
  if (kind.startsWith('int8')) return { matmul_dtype: 'int8' }
  if (kind.includes('fp8')) return { matmul_dtype: 'fp8' }
  notes.push(`quantization=${value} is not mapped: matmuls are counted in the activations' type`)
  return {}
}

function readOptimizer(value: string, notes: string[]): Experiment['run']['optimizer'] {
  const kind = value.replace('OptimizerType.', '').toLowerCase()
  if (kind === 'adamw' || kind === 'sgd') return kind
  if (kind !== 'adam_pax') notes.push(`opt_type=${value} is counted as adamw`)
  return 'adamw'
}

function readAttention(value: string, notes: string[]): Experiment['run']['attention'] {
  const kind = value.toLowerCase()
  if (kind === 'dot_product') return 'dot_product'
  if (kind !== 'flash') notes.push(`attention=${value} is counted as flash`)
  return 'flash'
}

function readMoe(read: Reader): Partial<Experiment['run']> {
  if ((read.optionalInt('num_experts') ?? 1) === 1) return {}
  const factor = Number(read.text('capacity_factor', '-1'))
  return factor > 0 ? { moe: 'dropping', capacity_factor: factor } : { moe: 'dropless' }
}

function cleanId(text: string): string {
  const clean = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128)
  return clean === '' ? 'imported' : clean
}
